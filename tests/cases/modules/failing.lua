return {
  fail = function() error("in a module's function") end, --@module_function
  get = function(path) return http.get(path) end, --@get
}
