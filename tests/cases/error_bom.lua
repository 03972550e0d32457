#!/usr/bin/env e2e
-- A byte order mark and a first line for the shell are no part of the script; lines count on.
local U = User:extend("U", {})
U:task("work", function(self) error("line four") end) --@four
