"""Makes an empty database a platform (CJJ/T 312 §3.0.1)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.models import Organisation, PlatformInstance, Region, Role, User
from platform_core.services import audit, identity, reference

ADMINISTRATORS = (
    ("sysadmin", "系统管理员", "system_admin"),
    ("secadmin", "安全管理员", "security_admin"),
    ("auditor", "审计管理员", "audit_admin"),
)


@dataclass(frozen=True)
class Answers:
    """What an administrator answers at set-up; empty names are derived from the region."""

    region: str
    name: str = ""
    organisation: str = ""
    parent_url: str = ""
    password: str = ""


def _platform_name(region: Region) -> str:
    place = "国家" if region.level == 0 else region.name
    return f"{place}城市运行管理服务平台"


def _root_organisation(region: Region, name: str) -> Organisation:
    found = Organisation.objects.filter(code=f"{region.code}-01").first()
    if found:
        return found
    kind = Organisation.Kind.COMMAND_CENTRE if region.level == 2 else Organisation.Kind.SUPERVISION_CENTRE
    title = "指挥中心" if region.level == 2 else "监督中心"
    place = "国家" if region.level == 0 else region.name
    return Organisation.objects.add_root(
        {"code": f"{region.code}-01", "name": name or f"{place}城市运行管理服务{title}", "kind": kind, "region": region}
    )


@transaction.atomic
def set_up(answers: Answers) -> tuple[PlatformInstance, dict[str, str]]:
    """Write the platform row, roles, root organisation and the three separated administrators; idempotent.

    Returns the platform and the passwords of accounts just made. Raises DomainError where the region is unknown
    or of another level than the tier's.
    """
    if not Region.objects.filter(code=answers.region).exists():
        reference.load_divisions(answers.region)
    region = Region.objects.filter(code=answers.region).first()
    if region is None:
        raise DomainError("unknown_region", _("No division has the code %s.") % answers.region)
    if region.level != settings.PROFILE.region_level:
        raise DomainError(
            "wrong_level",
            _("%(region)s is a %(level)s; this is a %(tier)s.")
            % {"region": region, "level": region.get_level_display(), "tier": settings.PROFILE.label},
        )
    reference.load_roles(settings.PROFILE.apps)
    root = _root_organisation(region, answers.organisation)
    known = PlatformInstance.objects.filter(pk=1).first()
    platform, created = PlatformInstance.objects.update_or_create(
        pk=1,
        defaults={
            "tier": settings.TIER,
            "region": region,
            "organisation": root,
            "name": answers.name or (known.name if known else _platform_name(region)),
            "parent_url": answers.parent_url or (known.parent_url if known else ""),
        },
    )
    if created:
        audit.record("set up platform", platform)
    return platform, _administrators(region, root, answers.password)


def _administrators(region: Region, root: Organisation, password: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for username, full_name, role in ADMINISTRATORS:
        if User.objects.filter(username=username).exists():
            continue
        secret = password or secrets.token_urlsafe(9) + "a1!"
        user = User.objects.create_user(
            username,
            secret,
            full_name=full_name,
            organisation=root,
            post=full_name,
            must_change_password=not password,
            is_staff=role == "system_admin",
        )
        identity.assign_roles(user, [Role.objects.get(code=role)])
        identity.grant_scope(user, region=region)
        made[username] = secret
    return made


def missing() -> list[str]:
    """What the platform still lacks, one sentence each."""
    problems = []
    platform = PlatformInstance.objects.select_related("region").first()
    if platform is None:
        return [_("The platform is not set up: manage.py setup_tier.")]
    if platform.tier != settings.TIER:
        problems.append(
            _("The database belongs to a %(there)s platform, TIER is %(here)s.")
            % {"there": platform.tier, "here": settings.TIER}
        )
    if platform.region.geometry is None and platform.region.level:
        problems.append(_("%s has no boundary.") % platform.region)
    for _username, name, role in ADMINISTRATORS:
        if not User.objects.filter(groups__role__code=role, is_active=True).exists():
            problems.append(_("Nobody is %s.") % name)
    if not platform.parent_url and settings.PROFILE.region_level:
        problems.append(_("No parent platform address: setup_tier --parent-url."))
    return problems
