-- A class without a task.
User:extend("Idle", {})
