-- What `e2e` runs without --script: every suite that is safe to run anywhere.
require("suites.smoke")
