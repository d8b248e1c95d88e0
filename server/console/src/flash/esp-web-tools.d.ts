declare module "esp-web-tools/dist/web/install-button.js";
