local function fail()
  error("cannot be loaded") --@raises
end
fail() --@calls
