"""The devices' programs: signed bundles, to whom they are offered, and what devices said of them."""
