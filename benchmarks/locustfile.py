"""Desk work as people do it: look at the queue, open a case, act, once every ten seconds or so."""

import os
import random
import re

from locust import HttpUser, between, task

PEOPLE = (("shouli", "acceptance"), ("paiqian", "dispatch"), ("zhiban", "registration"), ("zhiban", "closing"))


class Desk(HttpUser):
    wait_time = between(7, 13)

    def on_start(self):
        self.username, self.desk = random.choice(PEOPLE)
        page = self.client.get("/login/", name="login").text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None
        token = found.group(1)
        self.client.post(
            "/login/",
            {"csrfmiddlewaretoken": token, "username": self.username, "password": os.environ["DEMO_PASSWORD"]},
            headers={"Referer": self.host + "/login/"},
            name="login",
        )
        self.cases = []

    @task(4)
    def look(self):
        page = self.client.get(f"/coordination/desk/{self.desk}/", name="queue").text
        self.cases = re.findall(r"/coordination/cases/(\d+)/\?desk", page)

    @task(2)
    def narrow(self):
        self.client.get(f"/coordination/desk/{self.desk}/?region=210102&lamp=red", name="queue, filtered")

    @task(3)
    def open(self):
        if self.cases:
            self.client.get(f"/coordination/cases/{random.choice(self.cases)}/?desk={self.desk}", name="case")

    @task(1)
    def note(self):
        if not self.cases:
            return
        number = random.choice(self.cases)
        page = self.client.get(f"/coordination/cases/{number}/", name="case").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token:
            self.client.post(
                f"/coordination/cases/{number}/note/",
                {"csrfmiddlewaretoken": token.group(1), "note-opinion": "已阅（演示）", "version": ""},
                headers={"Referer": self.host + "/"},
                name="act",
            )
