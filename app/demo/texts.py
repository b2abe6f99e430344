"""What the companies of the demo tell. Real names and figures are those of public filings and reports; the rest is invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

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
    more: dict[str, Any] = field(default_factory=dict)


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
QINGHE_COMPANY = {
    "legal_name": "Qinghe Energy, Inc.", "country": "US", "legal_form": "Corporation", "jurisdiction": "DE",
    "incorporated_on": "2023-02-01", "street1": "7 Turbine Way", "city": "Austin", "region": "TX",
}  # fmt: skip

BEN_CLAIMS = (
    "My income was above 200,000 dollars in each of the last two years and will be this year. Tax returns can be shown."
)
