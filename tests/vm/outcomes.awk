# GoogleTest's XML report in; out, a line for each test: passed, failed, skipped or suppressed, and
# its name.
function value(key) {
  match($0, " " key "=\"[^\"]*\"")
  return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 4)
}
function tell() {
  if (name != "") print outcome, name
}
/<testcase / {
  tell()
  name = value("classname") "." value("name")
  outcome = value("result") == "completed" ? "passed" : value("result")
}
/<failure / { outcome = "failed" }
END { tell() }
