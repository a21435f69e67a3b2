"""The three tiers as data: what each deployment has (CJJ/T 312 §3.0.1, §4.1.1, §4.2.1, §4.3.1, app. A).

Plain data: settings read it before any app is loaded, so nothing here may import one. An app that a profile
does not list is not installed: no tables, no urls, no menu, no tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class System:
    """A system of the standard and the app that is it. `layer` places it in the diagrams of app. A."""

    app: str
    label: StrOrPromise
    icon: str
    layer: str


@dataclass(frozen=True)
class NavItem:
    """A menu entry: the url name it opens and the permission that shows it."""

    label: StrOrPromise
    url: str
    permission: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class NavGroup:
    """The entries of one system. Users without `platform_core.access_<app>` see none of them."""

    app: str
    items: tuple[NavItem, ...] = ()


@dataclass(frozen=True)
class PeriodicTask:
    """An entry of the beat schedule; `every_s` in seconds."""

    task: str
    every_s: float
    queue: str = "default"


@dataclass(frozen=True)
class ExchangeDirection:
    """Who this tier exchanges with, and which way the data flow (§6.1.2)."""

    partner: str
    pushes: bool = False
    receives: bool = False


@dataclass(frozen=True)
class TierProfile:
    """Everything that makes one deployment the national, a provincial or a city platform."""

    tier: str
    label: StrOrPromise
    region_level: int
    systems: tuple[System, ...]
    navigation: tuple[NavGroup, ...]
    periodic_tasks: tuple[PeriodicTask, ...]
    exchange: tuple[ExchangeDirection, ...]
    clauses: tuple[str, ...]
    third_party_apps: tuple[str, ...] = ()

    @property
    def apps(self) -> tuple[str, ...]:
        """Django apps of this tier, in the order of the menu."""
        return tuple(system.app for system in self.systems)

    def has(self, app: str) -> bool:
        """Whether the tier has this system."""
        return app in self.apps

    def system(self, app: str) -> System:
        """The system of an app. Raises KeyError where the tier lacks it."""
        for system in self.systems:
            if system.app == app:
                return system
        raise KeyError(app)


DECISION, BUSINESS, PLATFORM = "decision", "business", "platform"

GUIDANCE = System("guidance", _("Business guidance"), "book", BUSINESS)
SUPERVISION = System("supervision", _("Supervision and inspection"), "eye", BUSINESS)
COORDINATION = System("coordination", _("Command and coordination"), "radio", BUSINESS)
INDUSTRY = System("industry", _("Industry applications"), "tool", BUSINESS)
PUBLIC_SERVICE = System("publicservice", _("Public service"), "phone", BUSINESS)
MONITORING = System("monitoring", _("Operation monitoring"), "activity", BUSINESS)
MONITORING_ANALYSIS = System("monitoring", _("Monitoring analysis"), "activity", BUSINESS)
EVALUATION = System("evaluation", _("Comprehensive evaluation"), "check", BUSINESS)
DECISION_SUPPORT = System("decision", _("Decision support"), "chart", DECISION)
EXCHANGE = System("exchange", _("Data exchange"), "swap", PLATFORM)
CONVERGENCE = System("convergence", _("Data convergence"), "layers", PLATFORM)
MAINTENANCE = System("maintenance", _("Application maintenance"), "cog", PLATFORM)
ACCEPTANCE = System("acceptance", _("Acceptance"), "award", DECISION)

GRIDS = (
    NavItem(_("Map"), "map", "platform_core.view_evaluationgrid"),
    NavItem(_("Evaluation grids"), "evaluationgrid-list", "platform_core.view_evaluationgrid"),
    NavItem(_("Evaluation points"), "evaluationpoint-list", "platform_core.view_evaluationpoint"),
    NavItem(_("Unit grids"), "unitgrid-list", "platform_core.view_unitgrid"),
    NavItem(_("Thematic layers"), "thematiclayer-list", "platform_core.view_thematiclayer"),
)
MAINTENANCE_ITEMS = (
    NavItem(_("Administrative divisions"), "region-list", "platform_core.view_region"),
    NavItem(_("Organisations"), "organisation-list", "platform_core.view_organisation"),
    NavItem(_("Users"), "user-list", "platform_core.view_user"),
    NavItem(_("Roles"), "role-list", "platform_core.view_role"),
    NavItem(_("Code lists"), "codelist-list", "platform_core.view_codelist"),
    NavItem(_("Working calendar"), "calendarday-list", "platform_core.view_calendarday"),
    NavItem(_("Audit log"), "auditentry-list", "platform_core.view_auditentry"),
    NavItem(_("Platform health"), "health", "platform_core.view_platform_health"),
    NavItem(_("Architecture"), "architecture", "platform_core.view_platform_health"),
    NavItem(_("Clause coverage"), "clauses", "platform_core.view_platform_health"),
    NavItem(_("Style guide"), "style-guide", "platform_core.view_platform_health"),
)
EXCHANGE_ITEMS = (
    NavItem(_("Exchange monitor"), "exchange-monitor", "exchange.view_platformaccount"),
    NavItem(_("Connected platforms"), "platformaccount-list", "exchange.view_platformaccount"),
    NavItem(_("Services and subscriptions"), "exchange-services", "exchange.view_platformaccount"),
    NavItem(_("Upper platforms"), "upperplatform-list", "exchange.view_upperplatform"),
    NavItem(_("Outbox"), "outboundchunk-list", "exchange.view_outboundchunk"),
    NavItem(_("Received batches"), "inboundbatch-list", "exchange.view_inboundbatch"),
    NavItem(_("Quarantine"), "quarantinedrow-list", "exchange.view_quarantinedrow"),
    NavItem(_("Pull subscriptions"), "pullsubscription-list", "exchange.view_pullsubscription"),
    NavItem(_("Connectors"), "connector-list", "exchange.view_connector"),
    NavItem(_("Alarms"), "alarm-list", "exchange.view_alarm"),
    NavItem(_("Alarm rules"), "alarmrule-list", "exchange.view_alarmrule"),
)
CONVERGENCE_ITEMS = (
    NavItem(_("Data catalogue"), "catalogue", "convergence.view_catalogueentry"),
    NavItem(_("Data standard"), "datatable-list", "convergence.view_datatable"),
    NavItem(_("Data quality"), "quality", "convergence.view_qualityscore"),
    NavItem(_("Cleaning rules"), "cleaningrule-list", "convergence.view_cleaningrule"),
    NavItem(_("Cleaning records"), "cleaningchange-list", "convergence.view_cleaningchange"),
    NavItem(_("Sources"), "tablesource-list", "convergence.view_tablesource"),
    NavItem(_("Cataloguing"), "catalogueentry-list", "convergence.change_catalogueentry"),
    NavItem(_("Archives"), "archive-list", "convergence.view_archive"),
    NavItem(_("Destructions"), "destructionrequest-list", "convergence.view_destructionrequest"),
)
COORDINATION_ITEMS = (
    NavItem(_("Acceptance desk"), "desk", "coordination.accept_case", ("acceptance",)),
    NavItem(_("Registration desk"), "desk", "coordination.register_case", ("registration",)),
    NavItem(_("Dispatch desk"), "desk", "coordination.dispatch_case", ("dispatch",)),
    NavItem(_("Disposal desk"), "desk", "coordination.dispose_case", ("disposal",)),
    NavItem(_("Verification and check"), "desk", "coordination.field_case", ("street",)),
    NavItem(_("Closing desk"), "desk", "coordination.close_case", ("closing",)),
    NavItem(_("Extensions and suspensions"), "desk", "coordination.approve_request", ("requests",)),
    NavItem(_("City supervisor (phone)"), "field", "coordination.field_case"),
    NavItem(_("Cases"), "case-list", "coordination.view_case"),
    NavItem(_("Supervision and command"), "command-screen", "coordination.watch_command"),
    NavItem(_("Performance evaluation"), "performance", "coordination.view_performance"),
    NavItem(_("Key tasks"), "keytask-list", "coordination.view_keytask"),
    NavItem(_("Part facilities"), "partfacility-list", "coordination.view_partfacility"),
    NavItem(_("Geocoding"), "geocode", "coordination.view_place"),
    NavItem(_("Roster and attendance"), "rosterentry-list", "coordination.view_rosterentry"),
    NavItem(_("Patrol tracks"), "tracks", "coordination.view_rosterentry"),
    NavItem(_("Grid duties"), "gridduty-list", "coordination.view_gridduty"),
    NavItem(_("Shifts"), "shift-list", "coordination.change_shift"),
    NavItem(_("Workflow versions"), "workflowdefinition-list", "coordination.view_workflowdefinition"),
    NavItem(_("Time limits"), "timelimit-list", "coordination.view_timelimit"),
    NavItem(_("Routing rules"), "routingrule-list", "coordination.view_routingrule"),
    NavItem(_("Case categories"), "casecategory-list", "coordination.view_casecategory"),
    NavItem(_("Performance indicators"), "indicator-list", "coordination.change_indicator"),
    NavItem(_("Grades"), "grade-list", "coordination.change_grade"),
)
PUBLIC_SERVICE_ITEMS = (
    NavItem(_("Appeals"), "appeal-list", "publicservice.view_appeal"),
    NavItem(_("Hotline desk"), "hotline", "publicservice.answer_calls"),
    NavItem(_("Hotline supervision"), "hotline-supervise", "publicservice.supervise_hotline"),
    NavItem(_("Calls and recordings"), "call-list", "publicservice.view_call"),
    NavItem(_("Hotline reports"), "hotline-report", "publicservice.supervise_hotline"),
    NavItem(_("Return visits by call"), "visits", "publicservice.make_visit"),
    NavItem(_("Return visits"), "returnvisit-list", "publicservice.view_returnvisit"),
    NavItem(_("Convenience services"), "convenienceservice-list", "publicservice.view_convenienceservice"),
    NavItem(_("Notices"), "notice-list", "publicservice.view_notice"),
    NavItem(_("Agents"), "agent-list", "publicservice.view_agent"),
    NavItem(_("Open311 applications"), "open311client-list", "publicservice.view_open311client"),
)
PUBLIC_SERVICE_TASKS = (
    PeriodicTask("publicservice.tasks.send_messages", 10),
    PeriodicTask("publicservice.tasks.distribute_calls", 3),
    PeriodicTask("publicservice.tasks.fetch_recordings", 30),
    PeriodicTask("publicservice.tasks.publish_hotline", 600, "exchange"),
)
COORDINATION_TASKS = (
    PeriodicTask("coordination.tasks.escalate_cases", 20),
    PeriodicTask("coordination.tasks.fold_counts", 10),
    PeriodicTask("coordination.tasks.publish_cases", 5, "exchange"),
    PeriodicTask("coordination.tasks.publish_statistics", 300, "exchange"),
)
CORE_TASKS = (
    PeriodicTask("platform_core.tasks.seal_audit_log", 10),
    PeriodicTask("platform_core.tasks.verify_audit_log", 86400),
    PeriodicTask("platform_core.tasks.sweep_jobs", 30),
    PeriodicTask("platform_core.tasks.beat_heartbeat", 15),
    PeriodicTask("platform_core.tasks.expire_files", 3600),
)
EXCHANGE_TASKS = (
    PeriodicTask("exchange.tasks.drain_inbound", 5, "exchange"),
    PeriodicTask("exchange.tasks.send_outbound", 5, "exchange"),
    PeriodicTask("exchange.tasks.pull_due", 15, "exchange"),
    PeriodicTask("exchange.tasks.run_connectors", 15, "exchange"),
    PeriodicTask("exchange.tasks.check_alarms", 30, "exchange"),
    PeriodicTask("exchange.tasks.tidy_exchange", 300, "exchange"),
    PeriodicTask("convergence.tasks.score_quality", 600, "analysis"),
    PeriodicTask("convergence.tasks.apply_retention", 86400, "analysis"),
    PeriodicTask("convergence.tasks.tell_subscribers", 600, "analysis"),
)


def _navigation(systems: tuple[System, ...], items: dict[str, tuple[NavItem, ...]]) -> tuple[NavGroup, ...]:
    """Every system leads with its overview page; what is in `items` follows. Every tier exchanges and converges."""
    items = {"exchange": EXCHANGE_ITEMS, "convergence": CONVERGENCE_ITEMS, **items}
    return tuple(
        NavGroup(
            system.app,
            (
                NavItem(_("Overview"), "system", f"platform_core.access_{system.app}", (system.app,)),
                *items.get(system.app, ()),
            ),
        )
        for system in systems
    )


_NATIONAL = (
    GUIDANCE,
    SUPERVISION,
    MONITORING_ANALYSIS,
    EVALUATION,
    DECISION_SUPPORT,
    EXCHANGE,
    CONVERGENCE,
    MAINTENANCE,
)
_PROVINCIAL = (*_NATIONAL, ACCEPTANCE)
_CITY = (
    GUIDANCE,
    COORDINATION,
    INDUSTRY,
    PUBLIC_SERVICE,
    MONITORING,
    EVALUATION,
    DECISION_SUPPORT,
    EXCHANGE,
    CONVERGENCE,
    MAINTENANCE,
    ACCEPTANCE,
)

NATIONAL = TierProfile(
    tier="national",
    label=_("National platform"),
    region_level=0,
    systems=_NATIONAL,
    navigation=_navigation(
        _NATIONAL,
        {
            "evaluation": GRIDS,
            "maintenance": (
                *MAINTENANCE_ITEMS,
                NavItem(_("Platforms that log in here"), "clients", "platform_core.assign_rights"),
            ),
        },
    ),
    periodic_tasks=(*CORE_TASKS, *EXCHANGE_TASKS),
    third_party_apps=("oauth2_provider",),
    exchange=(
        ExchangeDirection("provincial", receives=True),
        ExchangeDirection("city", receives=True),
        ExchangeDirection("horizontal", receives=True),
    ),
    clauses=("4.1", "5.1", "6", "7", "9"),
)
PROVINCIAL = TierProfile(
    tier="provincial",
    label=_("Provincial platform"),
    region_level=1,
    systems=_PROVINCIAL,
    navigation=_navigation(_PROVINCIAL, {"evaluation": GRIDS, "maintenance": MAINTENANCE_ITEMS}),
    periodic_tasks=(*CORE_TASKS, *EXCHANGE_TASKS),
    exchange=(
        ExchangeDirection("national", pushes=True),
        ExchangeDirection("city", receives=True),
        ExchangeDirection("horizontal", receives=True),
    ),
    clauses=("4.2", "5.1", "6", "7", "9"),
)
CITY = TierProfile(
    tier="city",
    label=_("City platform"),
    region_level=2,
    systems=_CITY,
    navigation=_navigation(
        _CITY,
        {
            "coordination": COORDINATION_ITEMS,
            "publicservice": PUBLIC_SERVICE_ITEMS,
            "evaluation": GRIDS,
            "maintenance": MAINTENANCE_ITEMS,
        },
    ),
    periodic_tasks=(*CORE_TASKS, *EXCHANGE_TASKS, *COORDINATION_TASKS, *PUBLIC_SERVICE_TASKS),
    exchange=(
        ExchangeDirection("national", pushes=True),
        ExchangeDirection("provincial", pushes=True),
        ExchangeDirection("horizontal", receives=True),
    ),
    clauses=("4.3", "5.2", "6", "7", "9"),
)

PROFILES = {profile.tier: profile for profile in (NATIONAL, PROVINCIAL, CITY)}
# The apps that exist at all; a tier has a subset. Contracts and tests read it.
ALL_APPS = tuple(dict.fromkeys(app for profile in PROFILES.values() for app in profile.apps))
