"""A data manager's morning, in a real browser: application, quarantine, catalogue."""

import json

import pytest

from exchange.models import InboundBatch, QuarantinedRow
from exchange.services import accounts, inbound
from platform_core.models import Role
from platform_core.services.reference import load_roles
from tests.exchange.conftest import admit, caller, platform, standard  # noqa: F401
from tests.factories import PASSWORD, UserFactory, divisions

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(live_server, page, standard, platform):  # noqa: F811
    load_roles(("exchange", "convergence"))
    user = UserFactory(scope=divisions()[0])
    user.groups.add(Role.objects.get(code="data_manager"))
    page.goto(f"{live_server.url}/login/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(f"{live_server.url}/")
    return page


def fits(page):
    """Nothing is wider than the window, once the page has settled. Raises TimeoutError."""
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth", timeout=5000)


def test_application_is_reviewed_and_shows_in_the_monitor(desk, live_server):
    account, _token = accounts.apply(accounts.Application("大连市平台", "210100", "city", "x" * 20))
    desk.goto(f"{live_server.url}/p/platformaccount/{account.pk}/#tab-access")
    desk.click("text=批准进入沙箱")
    desk.wait_for_selector("text=转为正式")
    desk.click("text=转为正式")
    desk.wait_for_selector("text=已转为正式")
    desk.goto(f"{live_server.url}/exchange/monitor/")
    desk.wait_for_selector("text=大连市平台")
    fits(desk)
    desk.set_viewport_size({"width": 390, "height": 844})
    fits(desk)


def test_quarantined_row_is_corrected(desk, live_server, caller):  # noqa: F811
    alarm = {"alarmCode": "A1", "deviceCode": "D1", "districtCode": "210102", "topic": "燃气", "level": 1,
             "startTime": "2026-01-01 10:00:00", "endTime": "2026-01-01 09:00:00"}  # fmt: skip
    assert caller.push([alarm], "operation", "alarm")["success"]
    inbound.drain()
    row = QuarantinedRow.objects.get()
    desk.goto(f"{live_server.url}/p/quarantinedrow/{row.pk}/#tab-correct")
    desk.fill("#field-endTime", "2026-01-01 11:00:00")
    desk.click("text=重放 >> nth=-1")
    desk.wait_for_selector("text=稍后入库")
    inbound.drain()
    assert InboundBatch.objects.filter(channel="replay", state="done").count() == 1


def test_call_is_signed_in_the_browser(desk, live_server, caller, settings):  # noqa: F811
    settings.PUBLIC_URL = live_server.url
    desk.goto(f"{live_server.url}/exchange/api/")
    desk.wait_for_selector(".opblock-summary-get")
    desk.click("[data-credentials] summary")
    desk.fill("#api-app", caller.account.app_id)
    desk.fill("#api-secret", caller.account.secret)
    desk.fill("#api-key", caller.public_key)
    desk.click(".opblock-summary-get")
    desk.click("text=Try it out")
    for name, value in (("where", "area > 1"), ("appID", "-"), ("timestamp", "1"), ("sign", "-")):
        desk.fill(f'tr[data-param-name="{name}"] input', value)
    desk.select_option('tr[data-param-name="group"] select', "basic")
    desk.select_option('tr[data-param-name="table"] select', "part")
    with desk.expect_response(lambda answer: "/getdata" in answer.url) as got:
        desk.click("text=Execute")
    assert json.loads(got.value.text())["code"] == 10000
