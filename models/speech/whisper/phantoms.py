"""What Whisper says when nobody speaks: the ends of the videos it was trained on.

A phrase of these is only under suspicion: it is dropped when the sound does not speak for it (``doubt.SUPPORTED``).
Somebody who says "thank you" is heard.
"""

from __future__ import annotations

import re
import unicodedata

# Seen in openai/whisper's discussions 679, 928 and 1606, and in WhisperLive's and whisper.cpp's issues.
PHRASES = (
    r"(thank you|thanks)( (so|very) much)?( for (watching|listening|your (time|attention)))?"
    r"|thanks? (you )?for (watching|listening)( (this|the|my) video)?"
    r"|(please )?(like and )?subscribe( to (my|our|the) channel)?( and .{0,40})?|see you (in the )?next (time|video)"
    r"|bye( bye)?|you|the end|i.?m sorry|okay|oh|so|hmm?|mm|uh"
    r"|(subtitles|captions|transcri(bed|ption)|translated) by .*|.*amara ?org.*|.*(www|http).*"
    r"|.*(字幕|字幕由|字幕志愿者|字幕製作|字幕制作).*|(明镜|明鏡).*(栏目|欄目).*|请不吝.*|請不吝.*|.*(点赞|點贊|點讚).*(订阅|訂閱).*"
    r"|(感谢|感謝|谢谢|謝謝)(您的|大家的?|你的|你们的?)?(观看|觀看|收看|收听|收聽|大家)?|(优优独播剧场|優優獨播劇場).*|下次再见|下次再見"
    r"|ご視聴(いただき)?ありがとうございました|ご清聴ありがとうございました|チャンネル登録.*|おやすみなさい"
    r"|시청해 ?주셔서 감사합니다|구독과? ?좋아요.*|자막 ?제공.*|mbc 뉴스.*"
    r"|sous titr(es|age).*|merci d avoir regardé.*|untertitel.*|vielen dank( fürs zuschauen)?|untertitelung.*"
    r"|субтитры.*|редактор субтитров.*|продолжение следует.*|спасибо за просмотр.*|gracias por ver.*"
    r"|(obrigado|grazie|subtítulos).*|sottotitoli.*|legendas.*|altyazı.*|izlediğiniz için teşekkür.*|ondertitel.*"
)
_PHANTOM = re.compile(PHRASES)


def is_phantom(text: str) -> bool:
    """Whether the whole of ``text``, or what it repeats, is a phrase of this kind."""
    plain = "".join(c if unicodedata.category(c)[0] in "LN" else " " for c in text.lower())
    words = " ".join(plain.split())
    return bool(words) and (
        _PHANTOM.fullmatch(words) is not None or _PHANTOM.fullmatch(_once(words)) is not None
    )


def _once(words: str) -> str:
    """``words`` said once, where they are the same over and over."""
    parts = words.split()
    for size in range(1, len(parts) // 2 + 1):
        if len(parts) % size == 0 and parts == parts[:size] * (len(parts) // size):
            return " ".join(parts[:size])
    return words
