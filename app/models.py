"""Every table of the platform, for the migrations: importing this module fills `Base.metadata`."""

from app.alerts.models import Alert
from app.approvals.models import Proposal, ProposalApproval
from app.assessments.models import Acknowledgement, Attempt, GateStep, Simulation
from app.audit.models import AuditCheckpoint, AuditEvent, AuditSeal, AuditUnsealed
from app.cash.models import BankAccount, CashChoice, CashDay
from app.changes.models import Answer, Change, ChangeDocument, DeadlineMove, EarlyClose
from app.clock import PlatformClock
from app.closings.models import AllotmentChoice, Closing, ClosingApproval, ClosingLine
from app.compliance.models import CaseOpinion, CaseQuestion, ReviewCase, SavedFilter
from app.database import Base
from app.decisions.models import Decision, Edition
from app.distributions.models import Distribution, DistributionLine
from app.evidence.models import EvidenceFile
from app.identity.models import FormDraft, RecoveryCode, RoleGrant, SignInAttempt, User, UserSession
from app.investors.models import Claim, ClaimEvidence, Figures, Investor, SpouseLink
from app.issuers.models import Issuer, IssuerMember, RelatedParty
from app.job_runs.models import JobClock, JobRun, WorkerHeartbeat
from app.ledger.models import JournalEntry, LedgerAccount, Posting
from app.limit_statements.models import LimitStatement, StatedPurchase
from app.monitoring.models import MonitoringCursor
from app.notifications.models import QueuedMessage
from app.offerings.models import DocumentOpening, Filing, Offering, OfferingDocument, OfferingProgress
from app.payments.escrow_files.models import BankFile, BankLine, BankMatch, FileInstruction
from app.payments.models import GatewayEvent, GatewayReading, GatewayTransaction, Instruction
from app.pledges.models import Pledge, PledgeConsent
from app.reconciliation.models import Break, ComparedDay, GatewayBalance
from app.screening.models import ListImport, Listing, Screening
from app.share_register.models import RegisterEntry
from app.switches.models import Switch
from app.waitlist.models import WaitlistEntry

metadata = Base.metadata

__all__ = [
    "Acknowledgement",
    "Alert",
    "AllotmentChoice",
    "Answer",
    "Attempt",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditSeal",
    "AuditUnsealed",
    "BankAccount",
    "BankFile",
    "BankLine",
    "BankMatch",
    "Break",
    "CaseOpinion",
    "CaseQuestion",
    "CashChoice",
    "CashDay",
    "Change",
    "ChangeDocument",
    "Claim",
    "ClaimEvidence",
    "Closing",
    "ClosingApproval",
    "ClosingLine",
    "ComparedDay",
    "DeadlineMove",
    "Decision",
    "Distribution",
    "DistributionLine",
    "DocumentOpening",
    "EarlyClose",
    "Edition",
    "EvidenceFile",
    "Figures",
    "FileInstruction",
    "Filing",
    "FormDraft",
    "GateStep",
    "GatewayBalance",
    "GatewayEvent",
    "GatewayReading",
    "GatewayTransaction",
    "Instruction",
    "Investor",
    "Issuer",
    "IssuerMember",
    "JobClock",
    "JobRun",
    "JournalEntry",
    "LedgerAccount",
    "LimitStatement",
    "ListImport",
    "Listing",
    "MonitoringCursor",
    "Offering",
    "OfferingDocument",
    "OfferingProgress",
    "PlatformClock",
    "Pledge",
    "PledgeConsent",
    "Posting",
    "Proposal",
    "ProposalApproval",
    "QueuedMessage",
    "RecoveryCode",
    "RegisterEntry",
    "RelatedParty",
    "ReviewCase",
    "RoleGrant",
    "SavedFilter",
    "Screening",
    "SignInAttempt",
    "Simulation",
    "SpouseLink",
    "StatedPurchase",
    "Switch",
    "User",
    "UserSession",
    "WaitlistEntry",
    "WorkerHeartbeat",
    "metadata",
]  # fmt: skip
