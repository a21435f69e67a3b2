"""A case from the citizen's phone to closing and rating, as docs/user-guide/city-case.md tells it; and the phone without a network."""

import re

import pytest

from coordination.models import Case, RoutingRule
from coordination.services import counting, publishing
from exchange.services import inbound
from publicservice.models import Appeal
from tests.factories import PASSWORD
from tests.factories.city import HERE, City, picture, stored_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHOTO = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture().read()}


@pytest.fixture
def city(settings):
    settings.IS_DEMO = True  # the citizen's page shows the code that no gateway sends
    made = City()
    RoutingRule.objects.create(category="E0102", department=made.roads)
    return made


@pytest.fixture
def people(chromium, live_server):
    """Opens pages for people: a desk or a phone, logged in or not; script errors fail the test."""
    contexts, errors = [], []

    def enter(user=None, phone=False, strict=True):
        size = {"width": 390, "height": 844} if phone else {"width": 1366, "height": 768}
        context = chromium.new_context(
            viewport=size,
            geolocation={"longitude": HERE.x, "latitude": HERE.y, "accuracy": 5},
            permissions=["geolocation"],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if strict:
            page.on(
                "console",
                lambda message: (
                    errors.append(f"{message.text} {message.location}") if message.type == "error" else None
                ),
            )
        if user:
            page.goto(f"{live_server.url}/login/")
            page.fill("#id_username", user.username)
            page.fill("#id_password", PASSWORD)
            page.click("button.primary")
            page.wait_for_url(f"{live_server.url}/")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert errors == [], "\n".join(errors)


def fits(page):
    """Nothing is wider than the window; asked again while the page settles (its policy forbids polling inside)."""
    page.wait_for_selector("main")  # a page on its way has no document to measure yet
    for _try in range(20):
        if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{page.url} is wider than its window")


def act(page, live_server, desk, number, move, fill=None, photo=False):
    """Open the case from its desk and make a move."""
    page.goto(f"{live_server.url}/coordination/desk/{desk}/")
    page.click(f"a:text('{number}')")
    page.wait_for_selector("[data-moves][data-ready]")
    fits(page)
    page.click(f"[data-move={move}]")
    form = page.locator(f"#move-{move}")
    for name, value in (fill or {}).items():
        field = form.locator(f"[name='{move}-{name}']")
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    if photo:
        form.locator("input[type=file]").set_input_files(PHOTO)
    form.locator("button.primary").click()
    page.wait_for_selector(".message.success")


def test_from_the_citizens_phone_to_closing_and_rating(city, people, live_server):
    citizen = people(phone=True)
    citizen.goto(f"{live_server.url}/citizen/new/?kind=complaint")
    citizen.fill("[name=content]", "小区门口垃圾成堆，气味很大")
    citizen.click("[data-here]")
    citizen.wait_for_selector(r"[data-place-text] >> text=/\d+\.\d+, \d+/")
    citizen.locator("[name=photos]").set_input_files(PHOTO)
    citizen.fill("[name=contact_name]", "张三")
    citizen.fill("[name=phone]", "13912345678")
    citizen.click("[data-send-code]")
    citizen.wait_for_selector(r"[data-code-note] >> text=/\d{6}/")
    code = re.search(r"\d{6}", citizen.inner_text("[data-code-note]")).group()
    citizen.fill("[name=code]", code)
    fits(citizen)
    citizen.click("button.primary")
    citizen.wait_for_selector("[data-number]")
    number, query = citizen.inner_text("[data-number]"), citizen.inner_text("main [data-code]")
    case = Case.objects.get()

    acceptor = people(city.acceptor)
    act(acceptor, live_server, "acceptance", case.number, "send_verify", {"category": "E0102"})
    phone = people(city.supervisor, phone=True)
    phone.goto(f"{live_server.url}/coordination/field/")
    phone.click(f"button.item:has-text('{case.number}')")
    phone.set_input_files("[data-answer] [data-photos]", PHOTO)
    phone.wait_for_selector("[data-answer] [data-thumbs] img")
    phone.click("[data-answers] [value=verify_true]")
    phone.wait_for_selector(f".message.success:has-text('{case.number}')")
    fits(phone)

    chief, dispatcher, worker = people(city.chief), people(city.dispatcher), people(city.worker)
    act(chief, live_server, "registration", case.number, "register")
    dispatcher.goto(f"{live_server.url}/coordination/cases/{case.pk}/")
    dispatcher.wait_for_selector("[data-moves][data-ready]")
    dispatcher.keyboard.press("1")
    assert "市政公用局" in dispatcher.inner_text("#move-dispatch .message")
    act(dispatcher, live_server, "dispatch", case.number, "dispatch")
    act(worker, live_server, "disposal", case.number, "dispose", {"opinion": "已清运干净"}, photo=True)

    phone.goto(f"{live_server.url}/coordination/field/")
    phone.click(f"button.item:has-text('{case.number}')")
    phone.set_input_files("[data-answer] [data-photos]", PHOTO)
    phone.wait_for_selector("[data-answer] [data-thumbs] img")
    phone.click("[data-answers] [value=check_pass]")
    phone.wait_for_selector(f".message.success:has-text('{case.number}')")
    act(chief, live_server, "closing", case.number, "close")

    chief.goto(f"{live_server.url}/coordination/cases/{case.pk}/")
    course = chief.inner_text(".course")
    for word in ("派核实", "核实属实", "立案", "派遣", "处置完成", "核查通过", "结案", "已清运干净"):
        assert word in course
    assert chief.locator(".course img").count() == 4

    citizen.goto(f"{live_server.url}/citizen/track/")
    citizen.fill("[name=number]", number)
    citizen.fill("[name=code]", query)
    citizen.click("button.primary")
    citizen.wait_for_selector("text=已清运干净")
    citizen.check("[name=score][value='5']")
    citizen.click(".rating button")
    citizen.wait_for_selector("text=5 / 5")
    assert Appeal.objects.get().satisfaction == Case.objects.get().satisfaction == 5

    counting.fold_all()
    leader = people(city.leader)
    leader.goto(f"{live_server.url}/coordination/performance/?by=department")
    assert "市政公用局" in leader.inner_text("table.performance")
    fits(leader)
    publishing.publish_all_cases()
    inbound.drain()

    rows = stored_rows("management", "case")
    assert {row["taskNum"]: row["state"] for row in rows}[case.number] == "closed"


def test_reports_without_a_network_arrive_once(city, people, live_server):
    phone = people(city.supervisor, phone=True, strict=False)  # a dead network writes into the console
    phone.goto(f"{live_server.url}/coordination/field/")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.reload()
    phone.wait_for_selector("[data-no-tasks]:not([hidden])")
    phone.context.set_offline(True)
    phone.reload()  # from the service worker
    phone.wait_for_selector("[data-net].off")
    for text in ("路边垃圾一", "路边垃圾二"):
        phone.click("[data-tab=report]")
        phone.wait_for_selector(r"[data-fix] >> text=/\d+\.\d+,/")
        phone.fill("[data-category]", "E0102 暴露垃圾")
        phone.fill("[data-report] [name=description]", text)
        phone.set_input_files("[data-report] [data-photos]", PHOTO)
        phone.wait_for_selector("[data-report] [data-thumbs] img")
        phone.click("[data-report] button.primary")
        phone.wait_for_selector(f".item.yellow:has-text('{text}')")
    assert Case.objects.count() == 0 and "2" in phone.inner_text("[data-waiting]")
    phone.context.set_offline(False)
    phone.wait_for_selector("[data-waiting]", state="hidden", timeout=20000)
    assert sorted(Case.objects.values_list("description", flat=True)) == ["路边垃圾一", "路边垃圾二"]
    phone.reload()
    phone.wait_for_timeout(1500)
    assert Case.objects.count() == 2
    assert all(case.records.get().location for case in Case.objects.all())


def test_refused_report_stays_in_the_phone_with_its_reason(city, people, live_server):
    phone = people(city.supervisor, phone=True, strict=False)
    phone.goto(f"{live_server.url}/coordination/field/")
    phone.context.set_geolocation({"longitude": 100.0, "latitude": 30.0})
    phone.click("[data-tab=report]")
    phone.wait_for_selector("[data-fix] >> text=/^100\\.0/")
    phone.fill("[data-report] [name=description]", "城外的事")
    phone.click("[data-report] button.primary")
    phone.wait_for_selector(".item.refused:has-text('不在本市辖区内')")
    assert Case.objects.count() == 0


def test_a_hostile_page_width_is_caught_everywhere(city, people, live_server):
    """Every page of the two systems, desk and phone size, fits its window."""
    for state in ("reported", "disposing", "closed"):
        city.case(state, description="很长的描述" * 40)
    counting.fold_all()
    desk = people(city.chief)
    for address in (
        "desk/registration/",
        "desk/closing/",
        "desk/requests/",
        "performance/",
        "tracks/",
        "geocode/?q=南湖",
    ):
        desk.goto(f"{live_server.url}/coordination/{address}")
        fits(desk)
    for case in Case.objects.all():
        desk.goto(f"{live_server.url}/coordination/cases/{case.pk}/")
        fits(desk)
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.goto(f"{live_server.url}/coordination/cases/{Case.objects.first().pk}/")
    fits(desk)
    public = people(phone=True)
    for address in ("", "new/", "track/", "nearby/", "directory/"):
        public.goto(f"{live_server.url}/citizen/{address}")
        fits(public)
