"""Every field that the form of a case has. What is not here is refused by name: a misspelt fact must not go unheard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Section -> its fields. `expect`, `source`, `confidence` and `note` are for people: nothing looks into them.
FIELDS: Mapping[str, frozenset[str]] = {
    section: frozenset(names.split())
    for section, names in {
        "": "id regime category as_of committed_on investor history pledge offering event fx expect source confidence note",
        "pledge": "amount currency issuer offer",
        "offering": "id tier rule exchange_listed general_solicitation min_ticket pop_operator",
        "investor": "type class status retail first_time verified evidence accredited accredited_facts annual_income "
        "net_worth net_assets revenue financial_assets income_3y home other_assets other_liabilities other_platform_12m "
        "profile_date reliability_flag joint_with_spouse excluded_501e min_invest_letter consents_preticked "
        "dealer_suitability_advice risk_ack warning_ack specified_investor entry_test entry_test_on simulation_on nw_inputs "
        "ack_21_4 ack_21_7_warning ack_21_7_consent ack_21_7_understands soph_facts soph_granted_on soph_request_approved "
        "category_statement appropriateness",
        "investor.accredited_facts": "basis entity_total_assets expects_same formed_for_purpose income_y1 income_y2 "
        "joint_income_y1 joint_income_y2 license license_good_standing",
        "investor.home": "fmv mortgage_now mortgage_60d_ago acquired_within_60d",
        "investor.nw_inputs": "net_annual_income liquid_assets annual_commitments",
        "investor.soph_facts": "balance_sheet net_turnover own_funds gross_income portfolio finance_job_months "
        "executive_months tx_last4q",
        "investor.category_statement": "kind signed_on income net_assets gross_assets home_equity insurance_rights "
        "liabilities pension director_turnover unlisted_investments_2y finance_work_2y angel_network_months",
        "history[]": "date amount issuer status exemption owner offering offer offer_kind kind via count platform note",
        "event": "type at applied_on deadline dofp_requested_at invested_on offerees_this_fy_excl_qib public_solicitation "
        "start offer_made_at contract_adopts_24h contract_signed_at fund_kind paid_at new_deadline notice_on posted_on "
        "first_time max_offering_plus_prior12m provided filed_on fiscal_year_end threshold_reached_on bad_actor "
        "delinquent_c_ar foreign reporting_company investment_company no_business_plan direct_new esop_employees "
        "existing_holders spv_investors spvs gp lps notice_received_on reconfirmed_on committed target issued_on to",
    }.items()
}


def unknown(case: Mapping[str, Any]) -> str | None:
    """The path of the first field that the form does not have; None: all are known."""
    return _unknown("", case)


def _unknown(section: str, value: Mapping[str, Any]) -> str | None:
    for name, inner in value.items():
        path = f"{section}.{name}" if section else name
        if name not in FIELDS[section]:
            return path
        found = None
        if isinstance(inner, Mapping) and path in FIELDS:
            found = _unknown(path, inner)
        elif isinstance(inner, list) and f"{path}[]" in FIELDS:
            found = next(filter(None, (_unknown(f"{path}[]", one) for one in inner if isinstance(one, Mapping))), None)
        if found:
            return found
    return None
