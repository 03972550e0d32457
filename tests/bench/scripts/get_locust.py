from locust import FastHttpUser, task


class Get(FastHttpUser):
    @task
    def ready(self):
        self.client.get("/ready")
