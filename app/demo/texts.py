"""What the companies of the demo tell. Real names and figures are those of public filings and reports; the rest is invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.offerings.disclosures import FINANCIALS, YEARS

#: The smallest file that is a PDF.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class Told:
    name: str
    tagline: str
    story: str
    risks: list[str]
    use_of_funds: list[dict[str, Any]]
    team: list[dict[str, str]]
    document: str = "Financial statements"
    #: Of each year, the latest first, in whole units, in the order of `FINANCIALS`; none: as filed, or nothing yet.
    figures: tuple[tuple[int, ...], ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


def financials(told: Told, as_filed: dict[str, Any] | None) -> dict[str, Any]:
    """What a company tells of its last two years, in minor units."""
    if told.figures:
        return {
            year: {name: 100 * figure for name, figure in zip(FINANCIALS, figures, strict=True)}
            for year, figures in zip(YEARS, told.figures, strict=True)
        }
    return as_filed or {year: dict.fromkeys(FINANCIALS, 0) for year in YEARS}


def company(details: dict[str, str]) -> dict[str, Any]:
    """A company that its founder describes."""
    known: dict[str, Any] = dict(details)
    known["incorporated_on"] = date.fromisoformat(details["incorporated_on"])
    known["address"] = {"street1": known.pop("street1"), "city": known.pop("city"), "region": known.pop("region")}
    return known


HIDDEN_SEA = Told(
    name="Hidden Sea",
    tagline="Wine that pays for taking plastic out of the ocean",
    story=(
        "Hidden Sea sells wine from the Limestone Coast of South Australia in the United States. For every bottle sold it"
        " pays for the removal of plastic from the sea.\n\nThe figures on this page are those of the company's filing with"
        " the SEC of March 2024. The investors and what they pledged here are invented."
    ),
    risks=[
        "The company made a loss in both years that it filed figures for.",
        "Two people run the company; it depends on them.",
        "Wine is sold through distributors who may drop a brand at any time.",
        "The company may raise more money later at terms that are better than yours.",
    ],
    use_of_funds=[
        {"purpose": "Marketing", "percent": 55}, {"purpose": "Working capital", "percent": 35},
        {"purpose": "Costs of the offering", "percent": 10},
    ],
    team=[{"name": "Richard Vandenberg", "role": "Co-Founder"}],
)  # fmt: skip

PICKLEBALL = Told(
    name="Pickleball Etc.",
    tagline="Indoor pickleball courts for Southern California",
    story=(
        "Pickleball Etc. LLC was organised in California in December 2023. It wants to open indoor courts in Carson, to"
        " be played by the hour, with leagues and lessons.\n\nTerms, price and figures are those of the company's Form C of"
        " March 2024. The deadline, the investors and their pledges here are invented."
    ),
    risks=[
        "The company is new: it has no assets, no revenue and no history.",
        "The price of a share was set by the company alone, as its filing says.",
        "Courts cost much to build and cannot be used for anything else.",
        "You buy membership interests of an LLC; there may never be a market for them.",
        "Below the target nothing is bought; the target is a small part of what the courts cost.",
    ],
    use_of_funds=[
        {"purpose": "Building the courts", "percent": 70}, {"purpose": "Rent and deposits", "percent": 17},
        {"purpose": "Marketing", "percent": 10}, {"purpose": "Fee of the intermediary", "percent": 3},
    ],
    team=[{"name": "Steven Raack", "role": "Managing Member"}],
)  # fmt: skip

DIANSHENG = Told(
    name="点胜网络",
    tagline="移动互联网广告技术服务商，面向合格投资人定向募集",
    story=(
        "点胜网络为移动应用提供程序化广告投放与数据分析服务。\n\n本项目目标金额 2,100 万元，由海通创新资本领投 700 万元，其余 1,400"
        " 万元由跟投人认购，起投金额 40 万元。以上为公开报道的数据；本页其余内容及后续进展均为演示用途的虚构。"
    ),
    risks=[
        "公司处于成长期，可能持续亏损。",
        "您通过有限合伙企业间接持股，退出时间和价格均不确定。",
        "领投人的判断可能有误，跟投人应独立作出决定。",
        "广告行业受宏观经济和政策影响较大。",
    ],
    use_of_funds=[
        {"purpose": "研发", "percent": 50}, {"purpose": "市场拓展", "percent": 35},
        {"purpose": "流动资金", "percent": 15},
    ],
    team=[{"name": "林晓", "role": "创始人、首席执行官"}],
    document="财务报表",
    figures=(
        (86_400_000, 21_300_000, 34_800_000, 12_000_000, 0, 118_600_000, 79_200_000, 3_150_000, 9_440_000),
        (58_900_000, 12_700_000, 24_100_000, 9_000_000, 0, 74_300_000, 52_800_000, 1_480_000, -2_260_000),
    ),
    more={
        "lead": {
            "name": "海通创新资本", "commitment_minor": 700_000_000,
            "interests": "领投人以与跟投人相同的价格认购，已披露与发行人无关联关系。",
        },
    },
)  # fmt: skip

LANTERN_TIDE = Told(
    name="Lantern Tide Foods",
    tagline="Seaweed snacks from Maine (an invented company)",
    story="Lantern Tide dries and seasons seaweed. This company is invented: its offering shows what happens below the target.",
    risks=[
        "Harvests depend on the weather.", "Large food companies sell similar snacks.",
        "The company has one production line.",
    ],
    use_of_funds=[{"purpose": "A second production line", "percent": 80}, {"purpose": "Sales", "percent": 20}],
    team=[{"name": "Maya Lund", "role": "Founder"}],
)  # fmt: skip

HARBOUR_BREAD = Told(
    name="Harbour Bread",
    tagline="A bakery owned by the people who eat there (an invented company)",
    story="Harbour Bread bakes sourdough for one neighbourhood and wants to open in a second one.",
    risks=[
        "Rents and flour may cost more.", "A second shop may not sell as much as the first.",
        "The founder has not run two shops before.",
    ],
    use_of_funds=[{"purpose": "Second shop", "percent": 90}, {"purpose": "Reserve", "percent": 10}],
    team=[{"name": "Maya Lund", "role": "Founder"}],
)  # fmt: skip

NORTHLIGHT = Told(
    name="Northlight Optics",
    tagline="Glasses that one optician can grind in an hour (an invented company)",
    story=(
        "Northlight builds a small machine that grinds lenses in the shop where they are sold. Eleven opticians in Vermont"
        " and Maine use it today.\n\nThis company and its figures are invented for the demonstration."
    ),
    risks=[
        "Two larger makers could build such a machine.", "Eleven customers are few; losing two would be felt.",
        "The lens blanks come from a single supplier.", "The company may need more money within a year.",
    ],
    use_of_funds=[
        {"purpose": "Making the next forty machines", "percent": 60}, {"purpose": "Sales to opticians", "percent": 25},
        {"purpose": "Reserve", "percent": 15},
    ],
    team=[{"name": "Maya Lund", "role": "Founder"}, {"name": "Tom Alvarez", "role": "Engineering"}],
    figures=(
        (812_000, 143_000, 96_000, 60_000, 120_000, 940_000, 515_000, 9_000, 38_000),
        (538_000, 88_000, 51_000, 75_000, 150_000, 610_000, 372_000, 2_000, -41_000),
    ),
)  # fmt: skip

FERNWOOD = Told(
    name="Fernwood Ferments",
    tagline="Kimchi and kraut from a farm co-operative (an invented company)",
    story=(
        "Fernwood buys what six farms in Oregon cannot sell and ferments it. Its jars stand in ninety shops.\n\nThis company"
        " and its figures are invented for the demonstration."
    ),
    risks=[
        "A bad harvest raises the price of cabbage.", "Jars are recalled when a batch goes wrong.",
        "Two shops buy a third of all jars.",
    ],
    use_of_funds=[{"purpose": "A second cold room", "percent": 75}, {"purpose": "Jars and labels", "percent": 25}],
    team=[{"name": "Richard Vandenberg", "role": "Chair"}, {"name": "Ana Whitlock", "role": "Founder"}],
    figures=(
        (264_000, 31_000, 42_000, 18_000, 55_000, 402_000, 251_000, 4_000, 17_000),
        (221_000, 24_000, 36_000, 22_000, 60_000, 318_000, 207_000, 1_000, 6_000),
    ),
)  # fmt: skip

PICKLEBALL_REASON = (
    "The landlord in Carson pays for part of the floor, so that we can spend more on telling people about it."
)
PICKLEBALL_NEW_USES = [
    {"purpose": "Building the courts", "percent": 60}, {"purpose": "Rent and deposits", "percent": 17},
    {"purpose": "Marketing", "percent": 20}, {"purpose": "Fee of the intermediary", "percent": 3},
]  # fmt: skip

FERNWOOD_REASON = "The second cold room costs less than we were quoted. We hire somebody to run it."
FERNWOOD_NEW_USES = [
    {"purpose": "A second cold room", "percent": 55}, {"purpose": "Jars and labels", "percent": 25},
    {"purpose": "A person to run the cold room", "percent": 20},
]  # fmt: skip

QINGHE = Told(
    name="Qinghe Energy",
    tagline="Small turbines for farms (an invented company)",
    story="Qinghe sells wind turbines that will earn back their price in two years, guaranteed.",
    risks=["Wind may be weak.", "Parts may be late.", "Rules for feeding into the grid may change."],
    use_of_funds=[{"purpose": "Twenty turbines", "percent": 100}],
    team=[{"name": "林晓", "role": "Founder"}],
    figures=((145_000, 20_000, 8_000, 30_000, 0, 64_000, 51_000, 0, -52_000), (90_000, 45_000, 0, 0, 0, 0, 0, 0, -31_000)),
)  # fmt: skip

LANTERN_TIDE_COMPANY = {
    "legal_name": "Lantern Tide Foods, Inc.", "country": "US", "legal_form": "Corporation", "jurisdiction": "DE",
    "incorporated_on": "2019-05-06", "street1": "12 Wharf Street", "city": "Portland", "region": "ME",
}  # fmt: skip
HARBOUR_BREAD_COMPANY = {
    "legal_name": "Harbour Bread, Inc.", "country": "US", "legal_form": "Corporation", "jurisdiction": "MA",
    "incorporated_on": "2021-09-14", "street1": "48 Dock Square", "city": "Gloucester", "region": "MA",
}  # fmt: skip
DIANSHENG_COMPANY = {
    "legal_name": "点胜网络科技有限公司", "country": "CN", "legal_form": "有限责任公司", "jurisdiction": "CN",
    "incorporated_on": "2014-03-18", "street1": "世纪大道 88 号", "city": "上海", "region": "上海",
}  # fmt: skip
NORTHLIGHT_COMPANY = {
    "legal_name": "Northlight Optics, Inc.", "country": "US", "legal_form": "Corporation", "jurisdiction": "VT",
    "incorporated_on": "2020-02-20", "street1": "9 Mill Lane", "city": "Burlington", "region": "VT",
}  # fmt: skip
FERNWOOD_COMPANY = {
    "legal_name": "Fernwood Ferments LLC", "country": "US", "legal_form": "Limited Liability Company",
    "jurisdiction": "OR", "incorporated_on": "2018-08-02", "street1": "310 Creamery Road", "city": "Eugene",
    "region": "OR",
}  # fmt: skip
QINGHE_COMPANY = {
    "legal_name": "Qinghe Energy, Inc.", "country": "US", "legal_form": "Corporation", "jurisdiction": "DE",
    "incorporated_on": "2023-02-01", "street1": "7 Turbine Way", "city": "Austin", "region": "TX",
}  # fmt: skip

QINGHE_ASKED = "Nobody can guarantee this. Say what the two years rest on, or leave the sentence out."
BEN_CLAIMS = (
    "My income was above 200,000 dollars in each of the last two years and will be this year. Tax returns can be shown."
)
