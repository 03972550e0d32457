-- An event that does not exist.
events.test_strat:add_listener(function() end) --@error
