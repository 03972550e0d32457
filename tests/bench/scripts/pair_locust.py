import time
import uuid

from locust import FastHttpUser, task

DOCUMENTS = "/v1beta/collections/bench/documents"


class Pair(FastHttpUser):
    @task
    def pair(self):
        uri = f"doc-{uuid.uuid4().hex}"
        body = {"document": {"uri": uri, "fields": {"test": True, "timestamp": time.time()}}}
        self.client.post(DOCUMENTS, json=body, name="POST /documents")
        response = self.client.get(f"{DOCUMENTS}/{uri}", name="GET /documents/{uri}")
        assert response.json()["document"]["uri"] == uri, "another document came back"
