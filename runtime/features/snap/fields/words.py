"""The vocabulary of labels, one line a language: what announces a price, a date, a size, an ingredient."""

from __future__ import annotations

import re


def any_of(*alternatives: str) -> re.Pattern[str]:
    """A pattern that finds any of them, in capitals or not."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


def start_of(*alternatives: str) -> re.Pattern[str]:
    """A pattern that finds any of them at a line's beginning, after a bullet at most."""
    return re.compile(rf"^\W{{0,2}}(?:{'|'.join(alternatives)})", re.IGNORECASE)


WAS = any_of(
    r"原\s?价|日常|市场价|门市价|划线价|吊牌价|专柜价|建议零售价|平时价",
    r"\bwas\b|\breg(?:ular)?\b|\brrp\b|\bmsrp\b|list price",
    r"\bstatt\b|\buvp\b|\bvorher\b|au lieu de|\bavant\b|\bantes\b",
)
DEPOSIT = any_of(r"押金|运费|邮费", r"deposit|shipping|delivery", r"pfand|consigne")
SAVING = any_of(
    r"减|直降|省|满\d|返|抵|优惠券",
    r"\bsaved?\b|\bsavings?\b|\boff\b|discount|coupon",
    r"rabatt|sparen",
)
MULTIPLE = any_of(r"(?:\d\s?(?:for|für|pour|por)|任选|第[二2]件|\d\s?件)\s*[¥€$£]?\s*$")
PRICE = any_of(
    r"价|税込",
    r"\bnow\b|\bonly\b|\bprice\b|\bsale\b|\btoday\b",
    r"\bpreis\b|\bnur\b|\bjetzt\b|\bprix\b|\bprecio\b|\bprezzo\b",
)

BEST_BEFORE = any_of(
    r"保质期[至到]|有效期|到期|失效|限用|此日期前|賞味期限|消費期限|赏味期",
    r"best\s?(?:before|by|if used)|use\s?by|\bbbe?\b|\bexp(?:iry|ires?|\.|\b)",
    r"\bmhd\b|haltbar|consommer|\bddm\b|\bdlc\b|\bconsumir|consumarsi",
)
PRODUCED = any_of(
    r"生[产產]日期|制造日期|製造|包装日期|产日期",
    r"\bmfg\b|\bmfd\b|\bprod(?:uced|uction)?\b\.?|\bpacked\b|\bpkd\b",
    r"hergestellt",
)
NO_PRODUCT_DATE = any_of(r"活动|促销期|打印|检验", r"\boffer\b|\bvalid\b|printed", r"gültig|aktion")
"""The date is the price tag's or the campaign's."""
DAY_FIRST = any_of(r"mhd|haltbar|consommer|ddm|dlc|consumir|consumarsi")
SHELF_LIFE = re.compile(
    r"(?:保质期|保存期|shelf life|haltbarkeit)\D{0,12}?"
    r"(?P<n>\d{1,3}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])\s?(?:个|個)?\s?"
    r"(?P<u>月|天|日|年|months?|days?|years?|monate?|tage?|jahre?)",
    re.IGNORECASE,
)

CONTENT = any_of(
    r"净含量|净重|净容量|内容量|规格|含量",
    r"\bnet\b|net\s?w|contents?\b",
    r"füllmenge|poids net|contenu|contenido|peso net",
)
RATE = any_of(r"(?:/|\bper|\bpro|\bpour|\bje|每|\bpor|\bserving|\bportion|=)\s?$")
NUTRITION = any_of(
    r"蛋白|脂肪|糖|钠|能量", r"protein|fat|sugar|salt|energy|kcal|kj|carbo|fibre", r"fett|zucker"
)

INGREDIENTS = re.compile(
    r"^\W{0,2}(?:配\s?料\s?表?|原料|成分|原材料名?|ingredients?|zutaten|ingr[ée]dients|ingredientes|ingredienti)"
    r"(?=\W|$)\s?[:;.]?",
    re.IGNORECASE,
)
MAY_CONTAIN = re.compile(
    r"^[^.;。]{0,24}?(?:可能(?:会)?含有|(?:同一条?|本产品|此)生产线|may (?:also )?contain|traces of"
    r"|kann spuren|peut contenir|puede contener)",
    re.IGNORECASE,
)
ALLERGENS = start_of(
    r"致敏|过敏原|過敏原|(?:本|此|该)产品含有|含有", r"allerg|contains?\b", r"enthält|contient\b|contiene\b"
)
DECLARED = start_of(r"致敏|过敏原|過敏原", r"allergens?\b")
ELSEWHERE = any_of(r"见|粗体", r"\bsee\b|\bbold\b|highlighted")
"""The declaration stands in another place."""
KNOWN_ALLERGENS = any_of(
    r"奶|乳|蛋|鱼|虾|蟹|贝|坚果|花生|大豆|黄豆|小麦|麸质|麦|芝麻|芹菜|芥末|杏仁|核桃|腰果|亚硫酸",
    r"milk|dairy|lact|egg|fish|crustac|shrimp|mollus|nut|almond|hazel|cashew|pecan|pistach",
    r"soy|wheat|gluten|rye|barley|oats?\b|celery|mustard|sesame|lupin|sulphi|sulfi",
    r"milch|nüsse|soja|weizen|sellerie|senf|lait|œuf|oeuf|blé|leche|huevo|trigo|cacahu",
)
"""The 14 groups of EU regulation 1169/2011 annex II, which hold those of the US and of GB 7718."""
NEGATED = any_of(r"不含", r"free from|\bfree\b|does not contain|no added", r"ohne |sans |sin ")
OTHER_HEADING = start_of(
    r"净含量|产品|品名|生产|保质期|贮存|储存|产地|地址|电话|食用[方说建]|营养|执行|规格|厂|委托|条形码|冷藏|\d+\s?-\s?\d+\s?°",
    r"net\b|best|use by|exp|store|keep|storage|nutrition|distributed|produced|made in|product of",
    r"manufactured|mindest|nährwert|à consommer|www\.|tel\b",
)

NAMED = re.compile(
    r"^(?:品\s?名|产品名称|商品名称?|名称|product(?: name)?|item)\s?:\s?(?P<name>.{2,60})$", re.IGNORECASE
)
SLOGAN = any_of(
    r"促销|正品|特价|优惠|划算|惊喜|福利|包邮|赔|发货|新品|限时|秒杀|爆款|底价|不容错过|国标|买.送",
    r"热卖|钜惠|抢购|会员|欢迎|扫码|关注|折扣|满减|领券",
    r"\bsale\b|\bnew\b|\boffer\b|special|\bsave\b|\bfree\b|\bnow\b|\bonly\b|limited|deal\b|discount",
    r"clubcard|better value|% off|best price|\bwow\b|aktion|angebot|\bneu\b|nouveau|promo",
)
NO_NAME = any_of(
    r"配料|致敏|含有|净含量|保质期|生产|产地|地址|电话|贮存|储存|执行标准|许可证|营养|规格|等级|单位|物价|条码|编码|计价",
    r"ingredients|contains|allerg|best before|use by|\bexp\b|net w|nutrition|serving|storage|store in",
    r"keep |made in|product of|\bisbn\b|\bean\b|www\.|\.com|tel[.:]|address|zutaten|mindest|haltbar",
)
