"""Desk work as people do it: look at the queue, open a case, act, once every ten seconds or so.

500 sessions of 200 people, logged in beforehand (`bin/bench desks` prepares them): Argon2 takes a third of a second a
log-in on purpose, and nobody logs in every ten seconds.
"""

import itertools
import json
import os
import random
import re
from pathlib import Path

import gevent  # type: ignore[import-untyped]
from locust import FastHttpUser, between, task

SESSIONS = itertools.cycle(json.loads(Path(os.environ["BENCH_SESSIONS"]).read_text()))
CASE = re.compile(r"/coordination/cases/(\d+)/\?desk")
VERSION = re.compile(r'name="version" value="(\d+)"')


class Desk(FastHttpUser):  # the load and what is loaded share the machine
    wait_time = between(7, 13)

    def on_start(self):
        mine = next(SESSIONS)
        self.desk = mine["desk"]
        self.client.client.default_headers["Cookie"] = mine["cookies"]
        self.token = mine["token"]
        self.cases, self.opened = [], None
        self.bell = gevent.spawn(self.listen)

    def on_stop(self):
        self.bell.kill()

    def listen(self):
        """The bell of every page asks once a minute."""
        gevent.sleep(random.uniform(0, 60))
        while True:
            self.client.get("/live/notifications/", headers={"HX-Request": "true"}, name="bell")
            gevent.sleep(60)

    @task(4)
    def look(self):
        page = self.client.get(f"/coordination/desk/{self.desk}/", name="queue").text or ""
        self.cases = CASE.findall(page)

    @task(2)
    def narrow(self):
        self.client.get(
            f"/coordination/desk/{self.desk}/?region=210102&lamp=red",
            headers={"HX-Request": "true", "HX-Target": "queue"},  # as the page asks when a filter is set
            name="queue, filtered",
        )

    @task(3)
    def open(self):
        if self.cases:
            number = random.choice(self.cases)
            page = self.client.get(f"/coordination/cases/{number}/?desk={self.desk}", name="case").text or ""
            version = VERSION.search(page)
            self.opened = (number, version[1]) if version else None

    @task(1)
    def act(self):
        """Note something on the case that is open; the answer is the desk."""
        if self.opened is None:
            return
        number, version = self.opened
        self.opened = None
        data = {
            "csrfmiddlewaretoken": self.token,
            "note-opinion": os.environ["BENCH_NOTE"],
            "desk": self.desk,
            "version": version,
        }
        with self.client.post(
            f"/coordination/cases/{number}/note/",
            data,
            headers={"Referer": self.host + "/"},
            name="act, and the desk again",
            catch_response=True,
        ) as answer:
            if answer.status_code == 409:  # somebody else was faster, and the page says so
                answer.success()
