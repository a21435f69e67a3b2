"""The closed loop: the straight path, every side move, locks, counts."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from coordination.models import Case, DayCount, StageRecord
from coordination.services import Given, Report, counting, move, rate, report
from coordination.services.moving import move_many
from coordination.workflow import MOVES, STANDARD
from platform_core.errors import DomainError
from platform_core.events import case_moved
from platform_core.models import Attachment, Notification
from tests.factories.city import HERE, THERE, picture


def test_straight_path_keeps_everything(city):
    case = city.case("closed")
    assert case.state == "closed" and not case.is_open and case.due_at is None
    assert case.grid.code == "210102001001001" and case.region == city.heping
    moves = list(case.records.values_list("move", flat=True))
    assert moves == ["report", "accept", "register", "dispatch", "dispose", "check_pass", "close"]
    assert all(record.was_in_time for record in case.records.exclude(move="report"))
    assert case.registered_at <= case.dispatched_at <= case.disposed_at <= case.closed_at
    assert case.number[:8] == f"{timezone.localtime():%Y%m%d}" and len(case.number) == 14
    assert Attachment.objects.count() == 2


def test_a_report_that_arrives_twice_is_one_case(city):
    import uuid

    number = uuid.uuid4()
    first = report(Report("暴露垃圾", HERE, client_uuid=number), city.supervisor)
    again = report(Report("暴露垃圾", HERE, client_uuid=number), city.supervisor)
    assert first.pk == again.pk and Case.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"description": " "}, "no_description"),
        ({"description": "字" * 501}, "too_long"),
        ({"description": "x", "category": "E9999"}, "unknown_category"),
        ({"description": "x", "part": "1" * 16}, "unknown_part"),
    ],
)
def test_bad_reports_say_which_field(city, given, code):
    with pytest.raises(DomainError) as error:
        report(Report(location=HERE, **given), city.supervisor)
    assert error.value.code == code and error.value.details["field"]
    assert Case.objects.count() == 0 and StageRecord.objects.count() == 0


def test_outside_the_city_is_refused(city):
    from django.contrib.gis.geos import Point

    from platform_core.models import Region
    from tests.factories import square

    # The next city's districts are known too, with their boundaries.
    Region.objects.create(
        code="210202", name="中山区", level=3, parent=city.shenyang.parent, geometry=square(99, 29, 2)
    )
    with pytest.raises(DomainError) as error:
        report(Report("x", Point(100, 30, srid=4490)), city.supervisor)
    assert error.value.code == "outside"


def test_requirements_are_demanded_and_nothing_is_half_written(city):
    case = city.case("disposing")
    before = case.records.count()
    with pytest.raises(DomainError) as error:
        move(case.pk, "dispose", city.worker, Given(opinion="好了"))
    assert error.value.details["field"] == "photo"
    case.refresh_from_db()
    assert case.state == "disposing" and case.records.count() == before and case.disposed_at is None


def test_only_the_holder_may_move(city):
    case = city.case("disposing")
    for user in (city.gardener, city.acceptor, city.supervisor):
        with pytest.raises(DomainError):
            move(case.pk, "dispose", user, Given(opinion="x", photos=(picture(),)))
    with pytest.raises(DomainError) as error:
        move(case.pk, "supervise", city.stranger, Given(opinion="快"))
    assert error.value.code == "not_found"


def test_a_move_out_of_turn_is_refused(city):
    case = city.case("reported")
    with pytest.raises(DomainError) as error:
        move(case.pk, "close", city.chief)
    assert error.value.code == "not_allowed_now"


def test_the_second_of_two_dispatchers_sees_who_was_first(city):
    case = city.case("dispatching")
    seen = case.version
    move(case.pk, "dispatch", city.dispatcher, Given(department=city.roads.pk), version=seen)
    with pytest.raises(DomainError) as error:
        move(case.pk, "dispatch", city.dispatcher, Given(department=city.greens.pk), version=seen)
    assert error.value.code == "changed_meanwhile" and str(city.dispatcher) in error.value.message
    case.refresh_from_db()
    assert case.department == city.roads and case.tasks.filter(kind="dispose").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_the_very_same_time():
    from tests.factories.city import City

    city = City()
    case = city.case("dispatching")
    version, results, start = case.version, [], threading.Barrier(2)

    def act(department):
        start.wait()
        try:
            move(case.pk, "dispatch", city.dispatcher, Given(department=department), version=version)
            results.append("won")
        except DomainError as error:
            results.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(pk,)) for pk in (city.roads.pk, city.greens.pk)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["changed_meanwhile", "won"]
    assert case.records.filter(move="dispatch").count() == 1


def test_verification(city):
    case = city.case("reported", category="", by=None, source="citizen", origin="S1")
    move(case.pk, "send_verify", city.acceptor, Given(category="E0102"))
    task = case.tasks.get(kind="verify")
    assert task.assignee is None  # nobody has the ground as their duty
    move(case.pk, "verify_false", city.supervisor, Given(opinion="没有"))
    case.refresh_from_db()
    assert case.state == "reported"
    move(case.pk, "reject", city.acceptor, Given(opinion="不属实"))
    case.refresh_from_db()
    assert case.state == "rejected" and not case.is_open and case.tasks.filter(state="open").count() == 0


def test_check_goes_to_the_supervisor_of_the_ground(city):
    from coordination.models import GridDuty

    GridDuty.objects.create(user=city.supervisor, grid_prefix="210102")
    case = city.case("checking")
    assert case.tasks.get(kind="check").assignee == city.supervisor
    assert Notification.objects.filter(recipient=city.supervisor, url=f"/p/case/{case.pk}/").exists()


def test_return_rework_and_reopen_keep_the_counts_right(city):
    case = city.case("disposing")
    move(case.pk, "return_dispatch", city.worker, Given(opinion="不归我们"))
    case.refresh_from_db()
    assert case.state == "dispatching" and case.department is None and case.dispose_due_at is None
    assert case.records.last().department == city.roads
    city.go(case, "checking")
    move(case.pk, "check_fail", city.supervisor, Given(opinion="没清干净", photos=(picture(),)))
    case.refresh_from_db()
    assert case.state == "disposing" and case.rework_count == 1 and case.disposed_at is None
    city.go(case, "closed")
    move(case.pk, "reopen", city.chief, Given(opinion="又出现"))
    case.refresh_from_db()
    assert case.state == "dispatching" and case.is_open and case.closed_at is None
    counting.fold_all()
    assert counted("due") == 0 and counted("disposed_of_due") == 0 and counted("closed_of_due") == 0
    assert counted("accurate_dispatched") == counted("dispatched") - 1 and counted("returned") == 1
    city.go(case, "closed")
    counting.fold_all()
    assert counted("due") == counted("disposed_of_due") == counted("closed_of_due") == counted("in_time_of_due") == 1


def counted(measure, kind="region", subject=None):
    rows = DayCount.objects.filter(measure=measure, subject_kind=kind)
    return sum((rows.filter(subject=subject) if subject else rows).values_list("count", flat=True))


def test_extension_moves_the_deadline_by_working_time(city):
    case = city.case("disposing")
    due = case.due_at
    move(case.pk, "ask_extension", city.worker, Given(opinion="需要协调", hours=4))
    with pytest.raises(DomainError) as error:
        move(case.pk, "ask_extension", city.worker, Given(opinion="再要", hours=4))
    assert error.value.code == "already_asked"
    move(case.pk, "approve_extension", city.chief)
    case.refresh_from_db()
    from platform_core.services.working_time import load

    assert case.due_at == load().add(due, timedelta(hours=4)) and case.dispose_due_at == case.due_at
    assert case.extension_count == 1
    with pytest.raises(DomainError):
        move(case.pk, "reject_extension", city.chief, Given(opinion="x"))


def test_suspension_stops_the_clock_and_resume_gives_back_what_was_left(city):
    start = timezone.now() - timedelta(days=3)
    case = city.case("reported", category="E0401", at=start)  # 240 minutes around the clock
    for code, actor, given in (
        ("accept", city.acceptor, Given()),
        ("register", city.chief, Given()),
        ("dispatch", city.dispatcher, Given(department=city.roads.pk)),
    ):
        move(case.pk, code, actor, given, at=start)
    move(case.pk, "ask_suspension", city.worker, Given(opinion="等施工"), at=start + timedelta(minutes=60))
    move(case.pk, "approve_suspension", city.chief, at=start + timedelta(minutes=60))
    case.refresh_from_db()
    assert case.state == "suspended" and case.due_at is None and case.left_minutes == 180 and case.lamp == "grey"
    resumed = start + timedelta(days=2)
    move(case.pk, "resume", city.dispatcher, at=resumed)
    case.refresh_from_db()
    assert case.due_at == resumed + timedelta(minutes=180) == case.dispose_due_at
    counting.fold_all()
    assert counted("due") == 1


def test_assisting_departments_must_finish_first(city):
    case = city.case("dispatching")
    move(case.pk, "dispatch", city.dispatcher, Given(department=city.roads.pk, assistants=(city.greens.pk,)))
    assert Case.objects.visible_to(city.gardener).filter(pk=case.pk).exists()
    with pytest.raises(DomainError) as error:
        move(case.pk, "dispose", city.worker, Given(opinion="好了", photos=(picture(),)))
    assert "园林绿化局" in error.value.message
    move(case.pk, "assist_done", city.gardener, Given(opinion="树枝已修"))
    assert not Case.objects.visible_to(city.gardener).filter(pk=case.pk).exists()
    move(case.pk, "dispose", city.worker, Given(opinion="好了", photos=(picture(),)))


def test_consultation_supervision_review(city):
    case = city.case("dispatching")
    move(case.pk, "consult", city.dispatcher, Given(opinion="权属不清", assistants=(city.roads.pk, city.greens.pk)))
    assert case.tasks.filter(kind="consult", state="open").count() == 2
    move(case.pk, "conclude", city.dispatcher, Given(opinion="由市政处置"))
    city.go(case, "disposing")
    move(case.pk, "supervise", city.leader, Given(opinion="请抓紧"))
    assert Notification.objects.filter(recipient=city.worker, level="warning").exists()
    case.refresh_from_db()
    assert case.supervised_at
    city.go(case, "closing")
    move(case.pk, "ask_review", city.chief, Given(opinion="请复核"))
    move(case.pk, "review_pass", city.leader)
    case.refresh_from_db()
    assert case.state == "closed"


def test_merge_links_back(city):
    first, second = city.case("disposing"), city.case("reported")
    with pytest.raises(DomainError) as error:
        move(second.pk, "merge", city.acceptor, Given(duplicate="20000101000001"))
    assert error.value.details["field"] == "duplicate"
    move(second.pk, "merge", city.acceptor, Given(duplicate=first.number))
    second.refresh_from_db()
    assert second.state == "merged" and list(first.duplicates.all()) == [second]


def test_void_takes_the_accuracy_back_from_who_registered(city):
    case = city.case("dispatching")
    move(case.pk, "void", city.chief, Given(opinion="误立"))
    counting.fold_all()
    assert counted("registered", "person", str(city.chief.pk)) == 1
    assert counted("accurate_registered", "person", str(city.chief.pk)) == 0


def test_rating_once_more_replaces(city):
    case = city.case("closed")
    rate(case.pk, 2)
    rate(case.pk, 5)
    counting.fold_all()
    assert counted("ratings") == 1 and counted("rating_sum") == 5
    with pytest.raises(DomainError):
        rate(case.pk, 6)


def test_counts_agree_with_a_full_recount_and_with_the_cases(city):
    states = ("reported", "registering", "disposing", "checking", "closed", "closed")
    watcher = city.hire("supervisor", city.shenyang, city.centre)
    city.supervisor = watcher
    for number, state in enumerate(states):
        city.case(state, category=("E0102", "P0301")[number % 2], location=(HERE, THERE)[number % 2])
        counting.fold()
    counting.fold_all()
    kept = {
        (str(row.day), row.subject_kind, row.subject, row.measure): row.count
        for row in DayCount.objects.exclude(count=0)
    }
    assert kept == counting.recount() and kept
    assert counted("reported") == Case.objects.count() == 6
    assert counted("closed") == Case.objects.filter(state="closed").count()
    assert counted("due") == Case.objects.filter(dispose_due_at__isnull=False).count()
    assert counting.rebuild() == len(kept)


def test_event_is_in_the_same_transaction(city):
    def refuse(sender, case, **_more):
        raise DomainError("listener", "no")

    case = city.case("reported")
    case_moved.connect(refuse)
    try:
        with pytest.raises(DomainError):
            move(case.pk, "accept", city.acceptor)
    finally:
        case_moved.disconnect(refuse)
    case.refresh_from_db()
    assert case.state == "reported" and case.records.count() == 1


def test_bulk_takes_each_case_for_itself(city):
    cases = [city.case("reported") for _number in range(3)]
    pairs = [(case.pk, case.version) for case in cases]
    move(cases[1].pk, "accept", city.acceptor)
    done, refused = move_many(pairs, "accept", city.acceptor)
    assert done == 2 and len(refused) == 1 and cases[1].number in refused[0]


def test_every_move_of_the_table_is_exercised_somewhere():
    """A move without a test would be a promise: this file and test_desks name each of them."""
    from pathlib import Path

    text = (
        "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
        + Path("tests/factories/city.py").read_text()
    )
    missing = [step.code for step in MOVES if step.code != "rate" and f'"{step.code}"' not in text]
    assert missing == []
    assert (
        STANDARD.problems({step.right for step in MOVES}, {e for step in MOVES for e in step.effects}, set("abc")) != []
    )


def test_back_moves_and_note(city):
    case = city.case("registering")
    move(case.pk, "back_to_acceptance", city.chief, Given(opinion="位置不清"))
    city.go(case, "dispatching")
    move(case.pk, "back_to_registration", city.dispatcher, Given(opinion="类别不对"))
    case.refresh_from_db()
    assert case.state == "registering" and case.registered_at
    move(case.pk, "note", city.chief, Given(opinion="已电话核实"))
    city.go(case, "disposing")
    move(case.pk, "ask_suspension", city.worker, Given(opinion="等"))
    move(case.pk, "reject_suspension", city.chief, Given(opinion="不等"))
    city.go(case, "closing")
    move(case.pk, "rework", city.chief, Given(opinion="照片不清"))
    case.refresh_from_db()
    assert case.state == "disposing" and case.rework_count == 1


def test_verify_true_registers(city):
    case = city.case("reported", category="", by=None, source="12345", origin="X9")
    move(case.pk, "send_verify", city.acceptor, Given(category="E0102", assignee=city.supervisor.pk))
    move(case.pk, "verify_true", city.supervisor, Given(photos=(picture(),)))
    case.refresh_from_db()
    assert case.state == "registering" and case.tasks.get(kind="verify").state == "done"


def test_creating_a_case_costs_few_queries(city, django_assert_max_num_queries):
    city.case()  # fills what is remembered
    with django_assert_max_num_queries(16):
        report(Report("暴露垃圾", HERE, category="E0102"), city.supervisor)
    assert connection.vendor == "postgresql"
