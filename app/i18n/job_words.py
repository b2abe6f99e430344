"""What happens by itself, in words; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

JOBS: Mapping[str, str] = {
    "send_payments": N_("Send and ask about payments"), "process_inbox": N_("Handle gateway events"),
    "ask_investors": N_("Wait for answers to changes of offerings"),
    "offer_room": N_("Offer free room to who is next in line"),
    "carry_money": N_("Carry collected money to custodians"),
    "expire_pledges": N_("Free the places of unpaid pledges"), "close_offerings": N_("End offerings and propose closings"),
    "charge_saved": N_("Charge the ways to pay that were kept"),
    "return_in_time": N_("Return money while its method still can"),
    "expire_claims": N_("End statuses, and remind of those that end soon"), "scan_evidence": N_("Scan files of evidence"),
    "send_notifications": N_("Send messages"), "check_books": N_("Check the books"),
    "reconcile": N_("Compare books, gateways and banks"),
    "deliver_sandbox_events": N_("Deliver the sandbox's events"), "seal_audit": N_("Seal the audit trail"),
    "rescreen": N_("Compare names with new lists"),
    "monitor_pledges": N_("Look for patterns over pledges"),
    "release_cases": N_("Put back cases that were left alone"),
    "keep_cash": N_("Compare investors' cash with the custodian, and tell of what lies idle"),
    "apply_proposals": N_("Put approved payout accounts in force"),
}  # fmt: skip
