-- A listener is a function.
events.request:add_listener("print") --@error
