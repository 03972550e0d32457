-- A run has one setup.
setup(function() end)
setup(function() end) --@error
