"""Lines of text as an OCR engine would give them, for labels made up here and two recorded photographs."""

from __future__ import annotations

import unicodedata

from models.base import TextBox, TextLine


def line(text: str, x: float, y: float, height: float = 20.0, confidence: float = 0.98) -> TextLine:
    """A horizontal line whose box is as wide as such text is."""
    columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1.1 for c in text)
    right, bottom = x + columns * height / 2, y + height
    return TextLine(text, confidence, TextBox(((x, y), (right, y), (right, bottom), (x, bottom)), 0.95))


def stretched(one: TextLine, width: float) -> TextLine:
    """The line with a box of another width."""
    (x, y), _, (_, bottom), _ = one.box.quad
    quad = ((x, y), (x + width, y), (x + width, bottom), (x, bottom))
    return TextLine(one.text, one.confidence, TextBox(quad, one.box.score))


def label(*texts: str, height: float = 20.0, confidence: float = 0.98) -> list[TextLine]:
    """Lines below each other."""
    return [line(text, 10, 10 + i * height * 1.5, height, confidence) for i, text in enumerate(texts)]


def _recorded(text: str, confidence: float, *corners: int) -> TextLine:
    a, b, c, d = zip(corners[::2], corners[1::2], strict=True)
    return TextLine(text, confidence, TextBox((a, b, c, d), 0.95))


PRICE_CARD = [
    _recorded("正品促销", 0.951, -6, -8, 327, 1, 324, 106, -9, 97),
    _recorded("大桶装更划算", 0.998, 65, 93, 256, 94, 256, 128, 65, 127),
    _recorded("强力去污符合国标", 0.998, 64, 140, 258, 140, 258, 167, 64, 167),
    _recorded("-40℃深度防冻不结冰", 0.978, 104, 166, 220, 166, 220, 185, 104, 185),
    _recorded("真击", 0.991, 133, 221, 189, 220, 189, 251, 133, 251),
    _recorded("日常始", 0.651, 257, 225, 287, 223, 288, 236, 257, 237),
    _recorded("日常於y", 0.695, 31, 225, 62, 223, 63, 236, 32, 237),
    _recorded("10.0起", 0.96, 255, 233, 304, 233, 304, 254, 255, 254),
    _recorded("10.0起", 0.952, 32, 233, 82, 233, 82, 254, 32, 254),
    _recorded("底价", 1.0, 137, 243, 187, 243, 187, 273, 137, 273),
    _recorded("5.8", 1.0, 127, 283, 214, 285, 213, 341, 126, 339),
    _recorded("起", 1.0, 201, 312, 223, 312, 223, 333, 201, 333),
    _recorded("券后价", 0.937, 96, 318, 130, 318, 130, 331, 96, 331),
    _recorded("惊喜福利不容错过", 1.0, 112, 340, 211, 340, 211, 355, 112, 355),
    _recorded("极速发货", 0.947, 64, 358, 153, 358, 153, 384, 64, 384),
    _recorded("冰点标准", 1.0, 176, 359, 288, 359, 288, 384, 176, 384),
    _recorded("●假一赔十", 0.909, 175, 387, 288, 387, 288, 415, 175, 415),
    _recorded("破损就赔", 0.992, 64, 388, 154, 388, 154, 414, 64, 414),
]
"""What PP-OCRv6 tiny read of ``labels/price_card_zh.jpg``: the crossed-out price's cue is half misread."""

STREET_SIGN = [
    _recorded("愚园路", 0.972, 174, 76, 469, 76, 469, 159, 174, 159),
    _recorded("西", 1.0, 87, 81, 136, 83, 134, 125, 86, 123),
    _recorded("东", 1.0, 516, 84, 563, 84, 563, 124, 516, 124),
    _recorded("309", 1.0, 512, 123, 571, 123, 571, 154, 512, 154),
    _recorded("315", 1.0, 77, 124, 135, 122, 136, 153, 78, 155),
    _recorded("W", 0.999, 76, 172, 125, 172, 125, 213, 76, 213),
    _recorded("Yuyuan Rd.", 0.995, 229, 173, 417, 172, 417, 210, 229, 211),
    _recorded("E", 0.989, 531, 173, 569, 173, 569, 213, 531, 213),
]
"""What PP-OCRv6 tiny read of ``labels/street_sign_zh_en.jpg``."""
