"""What is read aloud before a device is put up, and asked; its answer is recorded with who heard it."""

TEXTS = {
    "zh": (
        "我们要在您家装一盏心灯。按红键,就会叫来邻居、村里和县里值班的人;谁来了、谁在路上,灯会亮给您看。\n"
        "设备只在有人按键、探测器报警时说话,不录音、不跟踪人;摄像头只有您另外同意才装。\n"
        "您可以随时说不要了:打村里电话,或在灯上的二维码页面里撤回,设备就停用,记录按规定删除。同意安装吗?"
    ),
    "en": (
        "We would put up a Heart-Lamp in your home. Its red key calls neighbours, the village and the county's desk; "
        "the lamp shows who knows and who is coming.\nIt speaks only when a key is pressed or a detector calls; it "
        "records no voice and follows nobody; a camera comes only if you agree to that too.\nYou can say no at any "
        "time, by the village's telephone or the page behind the lamp's code: the device is ended, and its records are "
        "erased as the rules say. Do you agree?"
    ),
}
