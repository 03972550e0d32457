import os
import random
import time
import uuid

from locust import FastHttpUser, task

TASKS = int(os.environ["TASKS"])


class Idle(FastHttpUser):
    def wait_time(self):
        self.done += 1
        return random.uniform(0.5, 1) if self.done < TASKS else 3600

    def on_start(self):
        self.documents = f"/v1beta/collections/bench_{uuid.uuid4().hex[:8]}/documents"
        self.created = []
        self.done = 0

    @task(3)
    def create_and_get_document(self):
        uri = f"doc-{uuid.uuid4().hex[:8]}"
        body = {"document": {"uri": uri, "fields": {"test": True, "timestamp": time.time()}}}
        with self.client.post(self.documents, json=body, name="POST /documents", catch_response=True) as response:
            if response.status_code == 200:
                self.created.append(uri)
                response.success()
            else:
                response.failure(f"create failed: {response.text}")
        with self.client.get(
            f"{self.documents}/{uri}", name="GET /documents/{uri}", catch_response=True
        ) as response:
            if response.status_code != 200 or response.json()["document"]["uri"] != uri:
                response.failure("another document came back")

    @task
    def health_check(self):
        self.client.get("/ready")
