"""Demo data of public service; all invented and marked so."""

from __future__ import annotations

import random
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from coordination.models import Case
from platform_core.models import PlatformInstance, User
from publicservice.models import Agent, Appeal, AppealRecord, Call, ConvenienceService, Notice
from publicservice.models.hotline import Skill

from . import appeals
from .messages import phone_digest

SERVICES = (
    ("water", "供水服务热线（演示）", "96600", "24小时", "报修、缴费、水质咨询"),
    ("power", "供电服务热线", "95598", "24小时", "停电报修、用电业务"),
    ("gas", "燃气服务热线（演示）", "96177", "24小时", "泄漏抢修、通气、缴费"),
    ("heat", "供热服务热线（演示）", "96116", "供热期24小时", "报修、室温不达标投诉"),
    ("drainage", "排水抢修（演示）", "96061", "24小时", "井盖、管道堵塞"),
    ("sanitation", "环卫服务（演示）", "96126", "08:00–18:00", "大件垃圾预约清运"),
)
NOTICES = (
    ("冬季清雪期间请配合挪车（演示）", "降雪后机械清雪作业期间，请将车辆停放至指定区域。本公告为演示数据。"),
    ("老旧小区供水管网改造临时停水（演示）", "改造期间将分片停水，请提前储水。本公告为演示数据。"),
)
QUESTIONS = (
    ("consultation", "占道经营许可如何办理？（演示）"),
    ("suggestion", "建议在公园入口增设无障碍坡道（演示）"),
    ("consultation", "大件家具如何预约清运？（演示）"),
)


def load_agents() -> int:
    """The acceptor, the duty chief and three invented places."""
    made = 0
    people = [User.objects.filter(username=name).first() for name in ("shouli", "zhiban")]
    for number, user in enumerate(filter(None, people)):
        _agent, created = Agent.objects.get_or_create(
            user=user, defaults={"extension": f"800{number + 1}", "skills": list(Skill.values), "is_demo": True}
        )
        made += created
    return made


def load_calls(days: int = 14) -> int:
    """Two weeks of calls, most of them answered."""
    agent = Agent.objects.first()
    if Call.objects.exists() or agent is None:
        return 0
    chance, now, made = random.Random(12319), timezone.now(), []  # noqa: S311
    for number in range(days * 40):
        at = now - timedelta(days=days) * chance.random() - timedelta(minutes=10)
        wait, talk = timedelta(seconds=chance.expovariate(1 / 18)), timedelta(seconds=chance.gauss(150, 50))
        is_answered = chance.random() < 0.93
        caller = f"139{chance.randrange(10**8):08d}"
        made.append(
            Call(
                uid=f"demo-{number:05d}", dialled=chance.choice(("12319", "12319", "12345")), caller=caller,
                caller_digest=phone_digest(caller), skill=chance.choice(list(Skill.values)),
                state="ended" if is_answered else "abandoned", agent=agent if is_answered else None, queued_at=at,
                answered_at=at + wait if is_answered else None,
                ended_at=at + wait + (max(talk, timedelta(seconds=20)) if is_answered else timedelta(seconds=30)), is_demo=True,
            )
        )  # fmt: skip
    Call.objects.bulk_create(made)
    return len(made)


def _course(appeal: Appeal, case: Case) -> None:
    """The steps a citizen sees, at the times of the case."""
    steps = [(case.reported_at, _("received"), ""), (case.reported_at, _("handed to the departments"), case.number)]
    if appeal.answered_at:
        steps.append((appeal.answered_at, str(appeal.get_state_display()), appeal.answer))
    AppealRecord.objects.bulk_create(
        AppealRecord(appeal=appeal, at=at, actor_name=_("system"), action=action, text=text)
        for at, action, text in steps
    )


def load_appeals() -> int:
    """The imported public cases get their appeals; and a few questions that wait for an answer."""
    if Appeal.objects.exists():
        return 0
    chance, made = random.Random(9), 0  # noqa: S311
    public = Case.objects.filter(is_demo=True, source__in=("citizen", "12319", "12345", "open311")).order_by(
        "-reported_at"
    )
    channel = {"citizen": "web"}
    for case in public[:150]:
        phone = f"137{chance.randrange(10**8):08d}"
        state = {"closed": "answered", "rejected": "refused", "void": "refused"}.get(case.state, "case")
        appeal = Appeal.objects.create(
            number=f"S{timezone.localtime(case.reported_at):%Y%m%d}9{made:04d}", query_code=f"{chance.randrange(10**6):06d}",
            channel=channel.get(case.source, case.source), kind="complaint", state=state, content=case.description,
            contact_name=chance.choice("王李张刘陈") + "先生", phone=phone, phone_digest=phone_digest(phone), address=case.address,
            location=case.location, region_id=case.region_id[:6], category=case.category_id or "", case=case,
            answer="已处置完毕（演示）" if state == "answered" else "", received_at=case.reported_at, answered_at=case.closed_at,
            satisfaction=case.satisfaction, is_demo=True,
        )  # fmt: skip
        _course(appeal, case)
        made += 1
    for kind, text in QUESTIONS:
        appeals.receive(
            appeals.NewAppeal(
                content=text, kind=kind, channel="12319", contact_name="赵女士", phone="13700000000", is_demo=True
            )
        )
        made += 1
    from .visits import create

    for appeal in Appeal.objects.filter(state="answered", satisfaction=None)[:25]:
        create(appeal)
    return made


def load() -> str:
    """Everything; repeating it adds nothing. Returns a summary."""
    platform = PlatformInstance.objects.select_related("region").get()
    for number, (kind, name, phone, hours, content) in enumerate(SERVICES, start=1):
        ConvenienceService.objects.get_or_create(
            code=f"BM{number:03d}",
            defaults={
                "kind": kind,
                "name": name,
                "phone": phone,
                "hours": hours,
                "content": content,
                "region": platform.region,
                "is_demo": True,
            },
        )
    for title, body in NOTICES:
        Notice.objects.get_or_create(
            title=title, defaults={"body": body, "published_at": timezone.now(), "is_demo": True}
        )
    return f"{load_agents()} agents, {load_appeals()} appeals, {load_calls()} calls"
