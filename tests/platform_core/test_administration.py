"""Rights, credentials, roles and code lists through the pages of administration."""

import pytest
from django.contrib.auth.hashers import check_password
from django.urls import reverse

from platform_core.models import AuditEntry, Code, CodeList, Region, Role, User
from platform_core.services import codes, identity, reference
from tests.factories import PASSWORD, UserFactory, organisation

SECURITY = (
    "platform_core.access_maintenance",
    "platform_core.view_user",
    "platform_core.view_role",
    "platform_core.add_role",
    "platform_core.change_role",
    "platform_core.assign_rights",
    "platform_core.manage_credentials",
)


@pytest.fixture
def office(districts):
    return organisation(districts[0])


@pytest.fixture
def security(districts, office):
    return UserFactory(scope=districts[0], rights=SECURITY, organisation=office, username="sec")


@pytest.fixture
def clerk(office):
    return UserFactory(organisation=office, username="clerk")


@pytest.fixture
def roles(db):
    reference.load_roles(("evaluation", "maintenance"))
    return {role.code: role for role in Role.objects.all()}


def act(log_in, user, address, **data):
    return log_in(user).post(address, data, headers={"accept": "text/html"})


def test_new_account_needs_an_organisation_and_no_password(districts, office, log_in):
    rights = ("platform_core.access_maintenance", "platform_core.view_user", "platform_core.add_user")
    client = log_in(UserFactory(scope=districts[0], rights=rights, organisation=office))
    new = {"username": "newbie", "full_name": "新人", "is_active": "on", "phone": "13900000000"}
    assert client.post("/p/user/new/", new).status_code == 422
    answer = client.post("/p/user/new/", {**new, "organisation": office.pk}, follow=True)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "139****0000" in page
    assert "13900000000" not in page
    made = User.objects.get(username="newbie")
    assert not made.has_usable_password()


def test_security_administrator_assigns_roles_and_scope(security, clerk, roles, districts, log_in):
    answer = act(log_in, security, f"/users/{clerk.pk}/roles/", roles=[roles["evaluator"].pk])
    assert answer["Location"] == f"/p/user/{clerk.pk}/#tab-rights"
    act(log_in, security, f"/users/{clerk.pk}/scopes/", region="210102")
    assert [group.name for group in clerk.groups.all()] == ["评价员"]
    assert [str(scope.region) for scope in clerk.data_scopes.all()] == ["和平区"]
    assert not clerk.notifications.exists()  # a first role is no news
    act(log_in, security, f"/users/{clerk.pk}/roles/", roles=[roles["leader"].pk])
    assert "领导" in clerk.notifications.get().title
    scope = clerk.data_scopes.get()
    act(log_in, security, f"/users/{clerk.pk}/scopes/{scope.pk}/")
    assert not clerk.data_scopes.exists()
    acts = list(AuditEntry.objects.filter(object_id=str(clerk.pk)).values_list("action", flat=True))
    assert {"assign roles", "grant data scope", "revoke data scope"} <= set(acts)


def test_nobody_changes_their_own_rights(security, roles, log_in):
    answer = act(log_in, security, f"/users/{security.pk}/roles/", roles=[roles["leader"].pk])
    assert answer.status_code == 409
    assert not security.groups.exists()


def test_duties_do_not_meet_in_one_person(security, clerk, roles, log_in):
    both = [roles["system_admin"].pk, roles["audit_admin"].pk]
    assert act(log_in, security, f"/users/{clerk.pk}/roles/", roles=both).status_code == 409
    assert not clerk.groups.exists()


def test_scope_outside_the_administrators_own_is_refused(security, clerk, log_in):
    Region.objects.create(code="220000", name="吉林省", level=1, parent_id="100000")
    assert act(log_in, security, f"/users/{clerk.pk}/scopes/", region="220000").status_code == 409
    assert act(log_in, security, f"/users/{clerk.pk}/scopes/").status_code == 409
    assert not clerk.data_scopes.exists()


@pytest.mark.parametrize("what", ["roles", "scopes", "sessions/end", "password", "unlock", "second-factor/remove"])
def test_without_the_right_nothing_happens(clerk, what, districts, log_in):
    reader = UserFactory(scope=districts[0], rights=SECURITY[:3])
    assert act(log_in, reader, f"/users/{clerk.pk}/{what}/").status_code == 403
    page = log_in(reader).get(f"/p/user/{clerk.pk}/").content.decode()
    assert "panel-rights" not in page
    assert "panel-credentials" not in page


def test_a_user_outside_the_scope_is_not_found(districts, office, log_in):
    security = UserFactory(scope=districts[2], rights=SECURITY)
    clerk = UserFactory(organisation=organisation(districts[1], code="other"))
    assert act(log_in, security, f"/users/{clerk.pk}/password/").status_code == 404


def test_password_reset_is_shown_once_and_must_be_changed(security, clerk, log_in):
    client = log_in(clerk)
    answer = act(log_in, security, f"/users/{clerk.pk}/password/")
    shown = answer.content.decode().split("<code>")[1].split("</code>")[0]
    assert answer["Cache-Control"] == "no-store"
    clerk.refresh_from_db()
    assert check_password(shown, clerk.password)
    assert clerk.must_change_password
    assert client.get("/").status_code == 302  # the session is over
    assert shown not in str(list(AuditEntry.objects.values()))


def test_retired_account_is_out_at_once(districts, office, clerk, client, log_in):
    rights = ("platform_core.access_maintenance", "platform_core.view_user", "platform_core.change_user")
    administrator = UserFactory(scope=districts[0], rights=rights, organisation=office)
    desk = log_in(clerk)
    assert desk.get("/").status_code == 200
    log_in(administrator).post(f"/p/user/{clerk.pk}/retire/")
    assert desk.get("/")["Location"].startswith("/login/")
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 200  # the form again


def test_locked_account_is_unlocked(security, clerk, client, log_in):
    for _attempt in range(6):
        client.post("/login/", {"username": "clerk", "password": "wrong"})
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code != 302
    act(log_in, security, f"/users/{clerk.pk}/unlock/")
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 302


def test_own_role_offers_no_separated_duty(security, roles, log_in):
    client = log_in(security)
    page = client.get("/p/role/new/").content.decode()
    assert "platform_core.view_evaluationpoint" in page
    assert "platform_core.assign_rights" not in page
    good = {"name": "巡查组长", "code": "patrol", "rights": ["platform_core.access_evaluation"]}
    assert client.post("/p/role/new/", good).status_code == 302
    role = Role.objects.get(code="patrol")
    assert role.right_names() == ["platform_core.access_evaluation"]
    bad = {**good, "name": "x", "code": "x", "rights": ["platform_core.assign_rights"]}
    assert client.post("/p/role/new/", bad).status_code == 422
    assert client.get(f"/p/role/{roles['evaluator'].pk}/edit/").status_code == 403


CODES = tuple(f"platform_core.{verb}_{model}" for verb in ("view", "add", "change") for model in ("codelist", "code"))


@pytest.fixture
def librarian(districts):
    return UserFactory(scope=districts[0], rights=("platform_core.access_maintenance", *CODES))


def test_code_list_goes_through_its_versions(librarian, log_in):
    client = log_in(librarian)
    client.post("/p/codelist/new/", {"code": "weather", "name": "天气", "source": ""})
    first = CodeList.objects.get()
    assert client.post(f"/codelists/{first.pk}/publish/", headers={"accept": "text/html"}).status_code == 409  # empty
    new = {"codelist": "weather", "value": "1", "name": "晴", "position": 0}
    assert client.post("/p/code/new/", new).status_code == 302
    client.post(f"/codelists/{first.pk}/publish/")
    first.refresh_from_db()
    assert first.state == "published"
    code = first.codes.get()
    assert client.get(f"/p/code/{code.pk}/edit/").status_code == 403
    assert client.post(f"/codes/{code.pk}/remove/", headers={"accept": "text/html"}).status_code == 409
    assert client.post("/p/code/new/", {**new, "value": "2"}).status_code == 422  # no draft
    client.post(f"/codelists/{first.pk}/draft/")
    second = CodeList.objects.get(version=2)
    assert second.codes.get().name == "晴"
    client.post("/p/code/new/", {**new, "value": "2", "name": "雨"})
    client.post(f"/codelists/{second.pk}/publish/")
    first.refresh_from_db()
    assert (first.state, first.codes.count()) == ("superseded", 1)
    assert CodeList.objects.current_version("weather").codes.count() == 2


def test_code_whose_parent_is_missing_is_not_published(db):
    draft = CodeList.objects.create(code="x", name="x")
    Code.objects.create(codelist=draft, value="0101", name="a", parent_value="01")
    with pytest.raises(Exception, match="0101"):
        codes.publish(draft)


def test_audit_page_names_acts_and_filters(districts, log_in):
    auditor = UserFactory(
        scope=districts[0], rights=("platform_core.access_maintenance", "platform_core.view_auditentry")
    )
    identity.grant_scope(auditor, region=districts[1])
    client = log_in(auditor)
    page = client.get("/p/auditentry/", {"action": "grant data scope"}).content.decode()
    assert "授予数据范围" in page
    assert (
        client.get("/p/auditentry/", {"since": "2000-01-01", "until": "2000-01-02"}).content.decode().count("<tr>") < 2
    )


def test_data_administration_is_for_staff_only(districts, log_in):
    rights = ("platform_core.access_maintenance", "platform_core.view_workingperiod",
              "platform_core.add_workingperiod")  # fmt: skip
    staff = log_in(UserFactory(scope=districts[0], rights=rights, is_staff=True))
    assert staff.get("/admin/").status_code == 200
    answer = staff.post("/admin/platform_core/workingperiod/add/", {"starts_at": "08:00", "ends_at": "12:00"})
    assert answer.status_code == 302
    assert AuditEntry.objects.filter(action="create", object_type="platform_core.workingperiod").exists()
    assert staff.get("/admin/platform_core/platforminstance/").status_code == 403
    assert log_in(UserFactory(rights=rights)).get("/admin/", follow=True).status_code == 403
    assert log_in(UserFactory(is_staff=True)).get("/admin/", follow=True).status_code == 403


def test_home_shows_the_tiles_of_the_role(districts, roles, log_in):
    user = UserFactory(scope=districts[1])
    identity.assign_roles(user, [roles["evaluator"]])
    page = log_in(user).get("/").content.decode()
    assert reverse("page-list", args=["evaluationpoint"]) in page.split("desk")[1]
    assert reverse("page-list", args=["user"]) not in page
