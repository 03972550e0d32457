---@meta _
-- The script API, for editors. Generated from the code by `make stubs`.

---@alias Plain string|number|boolean

---What `between(1, 2)` and the like return: a wait that the host computes.
---@class WaitTime

---JSON's null, which a table can hold.
---@class Null: lightuserdata

---Attributes of a user class; they are inherited. Further ones are the script's own, read as `self.name`; one
---that is all but one of these is taken for a slip of the pen.
---@class UserAttributes
---@field wait_time? WaitTime|number|fun(self: User): number What to wait between two tasks: `between(1, 2)` and the like, seconds, or a function that returns seconds. Without it: nothing.
---@field weight? number The share of users that this class gets, relative to the other classes' (1).
---@field fixed_count? integer Exactly so many users, given out before weights count (0: by weight).
---@field host? string Where relative paths lead, before `--host` and `base_url`.
---@field grpc_options? GrpcOptions Of a GrpcUser: how its client knows the server and connects to it.
---@field abstract? boolean Only to be extended: it has no users itself. Not inherited.
---@field tags? string[] Tags of all its tasks, for `--tags` and `--exclude-tags`.
---@field tasks? (fun(self: User)|TaskSet|table)[] Tasks as a list: functions, task sets, or `{ target, weight }`. `Class:task` gives them names as well.
---@field [string] any

---Attributes of a task set; they are inherited. Further ones are the script's own.
---@class TaskSetAttributes
---@field wait_time? WaitTime|number|fun(self: TaskSet): number As a user's. A set without it waits as the user does.
---@field abstract? boolean Only to be extended: it cannot be a task itself. Not inherited.
---@field tags? string[] Tags of all that is below it.
---@field tasks? (fun(self: TaskSet)|TaskSet|table)[] Tasks as a list: functions, task sets, or `{ target, weight }`.
---@field [string] any

---Attributes of a load shape; they are inherited. Further ones are the script's own.
---@class LoadTestShapeAttributes
---@field stages? Stage[] The stages of the run, one after the other; it ends with the last. A method `tick` comes before them.
---@field abstract? boolean Only to be extended. Not inherited.
---@field [string] any

---How often a task is chosen, and when.
---@class TaskOptions
---@field weight? integer How often, relative to the class's other tasks (1).
---@field tags? string[] Tags, for `--tags` and `--exclude-tags`. Those of a task set count for all within it.
---@field next? string|string[]|table<string, integer> In a MarkovTaskSet, instead of a weight: the names of the tasks that may follow, and how often each does, relative to the others.

---Which row `next` gives.
---@class DataOptions
---@field mode? string `shared`: one after the other over all VUs, and again from the first (unless told otherwise). `sequential`: the same for each VU by itself. `random`: any, by the VU's random numbers. `unique`: each row once in the whole run.
---@field on_end? string What becomes of a VU that asks for a `unique` row when all are used: `error` is raised (unless told otherwise), the VU ends (`stop`), or the rows begin anew (`recycle`).
---@field delimiter? string Between the fields of a CSV file: `,` unless told.

---Options of a call.
---@class CallOptions
---@field name? string What it counts under, instead of `package.Service/Method`.
---@field timeout? number Seconds that it may take, else the client's.
---@field metadata? table<string, string|string[]> Metadata, besides that of the client.
---@field tags? table<string, Plain> Tags of its metrics (`grpc_req_duration` and the others), for thresholds and outputs.
---@field catch_response? boolean The script judges it with `success`, `failure` or `ignore`; what it leaves unjudged is judged by its status.
---@field compression? string How messages are compressed: `gzip`, `deflate`, `zstd`, or `none`.

---How a client of gRPC knows its server, and connects to it.
---@class GrpcOptions
---@field proto? string|string[] The .proto files of the services; below the script root. They are compiled once, whatever the number of VUs.
---@field import_paths? string|string[] Folders below the script root in which files and their imports are looked for, before the root itself.
---@field descriptor_set? string Instead: a file of `protoc --include_imports -o`, below the script root.
---@field reflection? boolean Instead, and without the others: the server itself is asked, once for all VUs, with the client's metadata and TLS.
---@field tls? boolean|GrpcTls Whether the connection is secured, for an address without `http://` or `https://`; and how, where that is not what `settings.tls` says.
---@field metadata? table<string, string|string[]> Metadata of every call: names with strings, or lists of them. The value of a name that ends in `-bin` is any bytes.
---@field timeout? number Seconds that a call may take (else `settings.default_timeout`). A stream has no deadline unless it asks for one.
---@field connection? string `own`: each VU has a connection of its own (unless told otherwise); `shared`: the VUs of a worker have one together.
---@field authority? string The `:authority` of calls, else the address.
---@field keepalive? number Seconds after which the server is pinged, to find out that a connection is dead. 0: never, as without it.
---@field keepalive_timeout? number Seconds that it has to answer such a ping (20).
---@field max_receive_size? integer|string The largest message that is taken, such as `"10MiB"` (4 MiB, as other clients of gRPC).
---@field max_send_size? integer|string The largest message that is sent; else any.
---@field compression? string How messages are compressed: `gzip`, `deflate`, `zstd`, or `none`.

---Why a call has another status than OK.
---@class RpcError
---@field kind string `status` where the server said so; `timeout`, `cancelled`; else as for HTTP: `dns`, `connect`, `proxy`, `tls`, `closed`, `protocol`, `too_large`, `not_allowed`.
---@field status string The name of the status.
---@field text string The server's message, or what happened.
---@field details table[] The details of `google.rpc.Status`, where the server sent it: messages with their name in `@type`.

---Options of a stream.
---@class StreamOptions
---@field name? string What it counts under, instead of `package.Service/Method`.
---@field timeout? number Seconds until the deadline of the whole stream; without it there is none.
---@field metadata? table<string, string|string[]> Metadata, besides that of the client.
---@field tags? table<string, Plain> Tags of its metrics (`grpc_req_duration` and the others), for thresholds and outputs.
---@field catch_response? boolean The script judges it with `success`, `failure` or `ignore`; what it leaves unjudged is judged by its status.
---@field compression? string How messages are compressed: `gzip`, `deflate`, `zstd`, or `none`.

---How the connection of a client is secured; what is left out is as `settings.tls` says.
---@class GrpcTls
---@field verify? boolean Whether the server's certificate is checked.
---@field cert? string|string[] The client's certificate: a PEM file with its key, or `{ cert, key }`.

---How a metric is shown.
---@class MetricOptions
---@field unit? string What its values are counted in, such as `ms`.

---What runs, and where. The environment file itself is `config`.
---@class EnvironmentInfo
---@field name string The environment, such as `local`.
---@field host string? The base URL, where there is one.
---@field scripts string[] The scripts.
---@field user_classes string[] The classes that run.
---@field shape_class string? The load shape, where there is one.
---@field users integer? Users aimed at, without a load shape.
---@field spawn_rate number? Users per second, without a load shape.
---@field run_time number? Seconds after which the run ends, if it was limited.
---@field seed integer The run's seed.

---What listeners of `events.init` get.
---@class InitEvent
---@field environment EnvironmentInfo What runs, and where. Read-only.

---What listeners of `events.quitting` get.
---@class QuittingEvent
---@field environment EnvironmentInfo What runs, and where. Read-only.
---@field exit_code integer What the process will exit with, unless a listener or an output fails.

---What listeners of `events.request` get, right after the request was counted. Requests that a listener sends
---itself are counted, but not told to listeners.
---@class RequestEvent
---@field request_type string The method: `GET` and the like; `grpc` for calls and streams of gRPC.
---@field name string What it counts under.
---@field url string The URL that answered last, without credentials.
---@field response_time number Milliseconds.
---@field response_length integer Bytes of the body, or of the messages that came.
---@field status_code integer The status; 0 where nothing whole came back. Of gRPC its status, whose 0 is OK.
---@field status_name string? Of gRPC: the name of the status.
---@field messages_sent integer? Of gRPC: messages sent.
---@field messages_received integer? Of gRPC: messages received.
---@field start_time number When it began: seconds since 1970.
---@field exception string? Why it counts as failed; nil for success.

---What listeners of `events.spawning_complete` get.
---@class SpawningCompleteEvent
---@field environment EnvironmentInfo What runs, and where. Read-only.
---@field user_count integer How many users there are now.

---What listeners of `events.test_start` and `events.test_stop` get.
---@class TestEvent
---@field environment EnvironmentInfo What runs, and where. Read-only.

---What listeners of `events.user_error` get.
---@class UserErrorEvent
---@field exception string The message, with its place.
---@field traceback string The script's stack, one line each.
---@field user_class string The class of the user.
---@field user_id integer Its number, as `vu.id`.

---A server's certificate.
---@class Certificate
---@field subject string Whose it is: `CN=api.example.com,O=Example`.
---@field issuer string Who signed it.
---@field expiry integer When it expires, in seconds since the epoch.

---How a request is sent and counted. An option that does not exist is an error.
---@class RequestOptions
---@field name? string What the request counts under, instead of its path and query: `GET /documents/{uri}` for all documents.
---@field tags? table<string, Plain> What thresholds can tell it by: `http_req_duration{kind:search}`.
---@field json? any The body, written as JSON, with its content type.
---@field data? string|table<string, Plain|Plain[]>|fun(): string? The body: a string as it is, a table as a form (`application/x-www-form-urlencoded`). A function is called for each chunk of the body until it returns nil; they are sent as they come.
---@field data_file? string The body: a file below the script root, sent as it is read.
---@field files? table<string, string|FilePart|(string|FilePart)[]> Files of a form (`multipart/form-data`): a content, or a table that describes one, or a list of these. The fields of `data`, a table then, come before them.
---@field compression? "gzip"|"deflate"|"br"|"zstd" How the body is compressed; the header `Content-Encoding` says so.
---@field params? table<string, Plain|Plain[]> Added to the URL's query, in the order of their names.
---@field headers? table<string, Plain|Plain[]> Request headers.
---@field cookies? table<string, Plain> Cookies for this request alone; those that the VU was given by servers are sent anyway.
---@field auth? string[]|{ basic?: string[], bearer?: string, digest?: string[] } Who sends it: `{ user, password }` (basic), `{ bearer = token }`, `{ digest = { user, password } }`. A redirect to another origin does not take it along.
---@field timeout? number Seconds from the call to the last byte, redirects and retries included (else `settings.default_timeout`).
---@field allow_redirects? boolean Whether redirects are followed: true, except for HEAD.
---@field max_redirects? integer How many redirects are followed before the request fails (else `settings.max_redirects`).
---@field max_retries? integer How often it is sent again if no answer comes and its method is idempotent (else `settings.max_retries`).
---@field stream? boolean Returns once the head of the answer is there; the script reads the body with `response:chunks()`. The request's time is that to the first byte, and `timeout` bounds each wait. It counts once the body is read or left.
---@field discard_body? boolean Counts the body's bytes and lets them go (else `settings.discard_body`).
---@field max_body? integer|string The largest body that is kept, such as `"10MiB"` (else `settings.max_body`). A larger one fails the request with the error kind `too_large`.
---@field catch_response? boolean The script judges the response with `success`, `failure` or `ignore`. What it leaves unjudged at the end of the `<close>` block or of the task is judged by its status.
---@field verify? boolean Whether the server's certificate is checked (else `settings.tls.verify`).
---@field cert? string|string[] The client's certificate (else `settings.tls.cert`): a PEM file with its key, or `{ cert, key }`. Paths start at the folder of the scripts.

---A file of a form: with `content` or `path`.
---@class FilePart
---@field content? string What is in it.
---@field path? string A file below the script root, sent as it is read.
---@field filename? string Its name for the server: that of the field, or of the file at `path`. Empty: none, so that the part is a field of its own content type.
---@field content_type? string `application/octet-stream` unless it has no name.

---Where a cookie is sent, and how long. Without options: to all paths of the class's host, until the user
---ends.
---@class CookieOptions
---@field url? string Who sets it.
---@field domain? string The URL's host, or a domain above it, for all hosts below it.
---@field path? string The paths that it is sent to (`/`).
---@field max_age? integer Seconds until it expires.
---@field secure? boolean Whether it is sent over https only.
---@field http_only? boolean Whether a browser would hide it from pages. Changes nothing here.

---A redirect that was followed.
---@class Redirect
---@field status_code integer Its status, such as 302.
---@field url string The URL that answered with it.
---@field location string Where it pointed, as the server wrote it.

---Why a request got no whole answer.
---@class RequestError
---@field kind string `invalid_request`, `invalid_url`, `dns`, `connect`, `proxy`, `tls`, `timeout`, `closed`, `protocol`, `body`, `too_large`, `too_many_redirects`, `handshake` or `not_allowed`.
---@field text string What happened, for people.

---Defaults of the run. Flags, variables (`E2E_USERS` and so on) and the environment file's `load` come before
---them.
---@class RunOptions
---@field users? integer Users at full load (1).
---@field spawn_rate? number|string Users to start per second (1); `"30/m"` is 0.5.
---@field run_time? number|string When to stop: seconds, or `"1h20m"`. Without it: when stopped by hand.
---@field iterations? integer Stop after so many tasks of all users together.
---@field stop_timeout? number|string How long running tasks may take to finish at the end (10 s).
---@field seed? integer Repeats the decisions of a run with the same seed.
---@field scenarios? table<string, Scenario> The load as parts that each have a pace and an end of their own, by name; instead of `users` and `spawn_rate`, or of a load shape.
---@field thresholds? table<string, string|Threshold|(string|Threshold)[]> What is demanded of metrics: `{ http_req_failed = "rate<0.01" }`. The run fails with exit code 99 where one is crossed.

---A part of the load, as k6 has it. Which fields it has depends on its executor; durations are seconds or
---texts.
---@class Scenario
---@field executor? "constant_vus"|"ramping_vus"|"per_vu_iterations"|"shared_iterations"|"constant_arrival_rate"|"ramping_arrival_rate" How it goes on. At an arrival rate iterations begin at their moments, whatever those before them take.
---@field exec? string The user class, or the global function, that it runs; needed where there are several classes. A function gets the user as its argument, as a task does.
---@field start_time? number|string When it begins, since the first users (0).
---@field graceful_stop? number|string How long running tasks may take to finish at its end (30 s).
---@field graceful_ramp_down? number|string The same for users that `ramping_vus` takes off (30 s).
---@field env? table<string, Plain> Added to the script's `env` in it.
---@field tags? table<string, Plain> Of all its samples, for thresholds.
---@field vus? integer Users (1).
---@field start_vus? integer Users that `ramping_vus` begins with (1).
---@field duration? number|string How long it lasts.
---@field max_duration? number|string How long iterations may go on (10 min).
---@field iterations? integer Iterations of each user, or of all together with `shared_iterations` (1).
---@field stages? { duration: number|string, target: number }[] In a straight line to each target: users, or iterations in `time_unit`.
---@field rate? number Iterations that begin in `time_unit`.
---@field start_rate? number The rate that `ramping_arrival_rate` begins with (0).
---@field time_unit? number|string What rates refer to (1 s).
---@field pre_allocated_vus? integer Users that are there from its beginning.
---@field max_vus? integer Users that there may be, as more are needed (`pre_allocated_vus`). An iteration that is due while all are busy is dropped.

---What is demanded of a metric.
---@class Threshold
---@field threshold? string A method, a comparison and a number: `p(95)<500`. Methods are `count` and `rate` of counters, `value` of gauges, `rate` of rates, and `avg`, `min`, `max`, `med` and `p(N)` of trends.
---@field regression? string Instead of `threshold`: how much worse than in the run of `--baseline` a percentile of a trend may be, as `p(95)<+10%` or `med<+5%`.
---@field abort_on_fail? boolean Ends the run as soon as it is crossed.
---@field delay? number|string How long the run must last before it may be ended by it.

---A request as it was sent.
---@class SentRequest
---@field method string `GET` and the like.
---@field url string The whole URL, without credentials.
---@field body_length integer Bytes of the body.

---A part of a run with a load of its own: an item of `stages`.
---@class Stage
---@field duration? number|string How long this stage lasts, seconds or `"1m30s"`; not the time since the start of the run.
---@field users? number How many users there are to be.
---@field spawn_rate? number|string How many come or go per second.
---@field classes? (User|string)[] The classes to add users of, if not all. Users who run already stay.
---@field user_classes? (User|string)[] As `classes`.

---A server-sent event.
---@class ServerEvent
---@field event string Its type: `message` unless the server named one.
---@field data string Its data; lines are joined with line feeds.
---@field id string The id that the server set last, with this event or before; empty where it set none.
---@field retry number? Seconds to wait before connecting again, where the server named them since the event before.

---How a WebSocket is opened and counted. An option that does not exist is an error.
---@class SocketOptions
---@field subprotocols? string|string[] What the client speaks, the best first; the server chooses one or none.
---@field params? table<string, Plain|Plain[]> Added to the URL's query, in the order of their names.
---@field headers? table<string, Plain|Plain[]> Headers of the request.
---@field cookies? table<string, Plain> Cookies for this request alone; the VU's own are sent anyway.
---@field auth? string[]|{ basic?: string[], bearer?: string } `{ user, password }` or `{ bearer = token }`.
---@field timeout? number Seconds that the handshake may take, and later each `send` and `ping` (else `settings.default_timeout`).
---@field max_message? integer|string A longer message of the server closes the socket: bytes, or `"64KiB"` (64 MiB).
---@field name? string What it counts under, instead of its path and query.
---@field tags? table<string, Plain> Tags of its metrics (`ws_sessions` and the others).
---@field verify? boolean Whether the server's certificate is checked (else `settings.tls.verify`).
---@field cert? string|string[] The client's certificate (else `settings.tls.cert`): a PEM file with its key, or `{ cert, key }`.

---How an event source is opened and counted. An option that does not exist is an error.
---@class SourceOptions
---@field reconnect? boolean|integer Whether it connects again when the stream ends or breaks, as browsers do: true (unless told otherwise), false, or how often.
---@field last_event_id? string Sent as `Last-Event-ID`: the server goes on behind that event.
---@field params? table<string, Plain|Plain[]> Added to the URL's query, in the order of their names.
---@field headers? table<string, Plain|Plain[]> Headers of the request.
---@field cookies? table<string, Plain> Cookies for this request alone; the VU's own are sent anyway.
---@field auth? string[]|{ basic?: string[], bearer?: string } `{ user, password }` or `{ bearer = token }`.
---@field timeout? number Seconds until the server answers, each time (else `settings.default_timeout`). Not of the stream.
---@field max_event? integer|string A longer event ends the stream: bytes, or `"64KiB"` (64 MiB).
---@field name? string What it counts under, instead of its path and query.
---@field tags? table<string, Plain> Tags of its metric, `sse_event`.
---@field verify? boolean Whether the server's certificate is checked (else `settings.tls.verify`).
---@field cert? string|string[] The client's certificate (else `settings.tls.cert`): a PEM file with its key, or `{ cert, key }`.

---Where a request's time went, in milliseconds. Over redirects and retries each is the sum of its parts.
---@class Timings
---@field blocked number Looking the host name up.
---@field connecting number Making the TCP connection; 0 where one was reused.
---@field tls_handshaking number The TLS handshake; 0 where none was needed.
---@field sending number Writing the request.
---@field waiting number From the request's last byte to the response's first.
---@field receiving number From the response's first byte to its last.
---@field duration number `sending`, `waiting` and `receiving` together.

---What came back, or why nothing did. Its body is released when the task ends.
---@class Response
---@field status_code integer The status; 0 when no answer came, or not a whole one (see `error`).
---@field ok boolean Whether an answer came, with a status below 400.
---@field text string The body, without its content coding. Bytes as they are: no charset is converted.
---@field content string The same as `text`.
---@field size integer Bytes of the body as they are counted: of `text`, or of what was discarded or read in chunks.
---@field retries integer How often the request was sent again because no answer came (`max_retries`).
---@field headers Headers The headers; names in any case. Several of one name are joined by `, `.
---@field cookies table<string, string> The VU's cookies that apply to the response's URL.
---@field url string The URL that answered, after redirects.
---@field history Redirect[] The redirects on the way, oldest first.
---@field elapsed number Seconds from the call to the last byte, redirects included; with `stream = true` to the first byte.
---@field timings Timings Where the time went, in milliseconds.
---@field error RequestError? Why nothing (or not all) came back; nil when all is well.
---@field tls Tls? The TLS of the connection; nil for http.
---@field http_version string? `1.0`, `1.1` or `2`; nil where no answer came.
---@field request SentRequest What was sent last, after redirects.
local Response = {}

---The body parsed as JSON, or the part of it that `path` (`items.0.id`, lists from 0) selects.
---@param path? string
---@return any
function Response:json(path) end

---With `stream = true`: the body as it arrives, `for chunk in response:chunks() do`. Leaving the loop early
---closes the connection. A body that breaks off ends the loop, and sets `error`.
---@return (fun(chunks: Chunks): string?), Chunks
function Response:chunks() end

---With `stream = true`: leaves what is left of the body, and closes the connection.
function Response:close() end

---The request as it was sent last, as a curl command for a shell. Nothing in it is masked: it is to work.
---@return string
function Response:as_curl() end

---Counts the request as a success (with `catch_response` or a closure).
function Response:success() end

---Counts the request as a failure, grouped by the message.
---@param message string
function Response:failure(message) end

---Does not count the request at all (with `catch_response` or a closure).
function Response:ignore() end

---Raises when no answer came, or its status is 400 or above.
function Response:raise_for_status() end

---A response's headers: `headers["Content-Type"]`, in any case; nil where absent.
---@class Headers
---@field [string] string?
local Headers = {}

---The TLS of a response's connection.
---@class Tls
---@field version string `1.2` or `1.3`.
---@field cipher string The cipher suite, such as `TLS_AES_128_GCM_SHA256`.
---@field resumed boolean Whether an earlier session was resumed when the connection was made.
---@field peer Certificate? The server's certificate.
local Tls = {}

---The body of a response that is being read.
---@class Chunks
local Chunks = {}

---A VU's cookies. Servers set them, and requests send those that fit their URL. A `url` is absolute, or a
---path below the host of the class; without one it is that host.
---@class Cookies
local Cookies = {}

---The value of the cookie that a request to the URL would carry.
---@param name string
---@param url? string
---@return string?
function Cookies:get(name, url) end

---The cookies that a request to the URL would carry. Of several of one name: the one that is sent first.
---@param url? string
---@return table<string, string>
function Cookies:all(url) end

---Sets a cookie, as if a server had.
---@param name string
---@param value string|number|boolean
---@param options? CookieOptions
function Cookies:set(name, value, options) end

---Forgets the cookie that a request to the URL would carry.
---@param name string
---@param url? string
function Cookies:delete(name, url) end

---Forgets the cookies that a request to the URL would carry; without one all that there are.
---@param url? string
function Cookies:clear(url) end

---A virtual user.
---@class Vu
---@field id integer Its number, from 1, unique in the run.
---@field class string The name of its user class.
---@field iteration integer How many tasks it has begun, this one included; 0 in on_start.
local Vu = {}

---The rows of a data file: `#rows` are there, `rows[1]` is the first, `ipairs(rows)` visits all. A row is
---made when it is asked for.
---@class Dataset
---@field columns string[] The names of the columns; empty for lines.
---@field path string The file.
local Dataset = {}

---The next row, by the file's `mode`.
---@return any
function Dataset:next() end

---A metric that adds values up.
---@class Counter
local Counter = {}

---Adds a value. Values with different tags are shown apart, too.
---@param value number
---@param tags? table<string, Plain>
function Counter:add(value, tags) end

---A metric that keeps the last value.
---@class Gauge
local Gauge = {}

---Adds a value. Values with different tags are shown apart, too.
---@param value number
---@param tags? table<string, Plain>
function Gauge:add(value, tags) end

---A metric that is the share of true values.
---@class Rate
local Rate = {}

---Adds a value. Values with different tags are shown apart, too.
---@param value boolean|integer
---@param tags? table<string, Plain>
function Rate:add(value, tags) end

---A metric that is a distribution of values.
---@class Trend
local Trend = {}

---Adds a value. Values with different tags are shown apart, too.
---@param value number
---@param tags? table<string, Plain>
function Trend:add(value, tags) end

---The events of a run, in the order in which they happen.
---@class Events
---@field init EventHook Before everything else. Gets an `InitEvent`.
---@field test_start EventHook Before `setup` and the first user. Gets a `TestEvent`.
---@field spawning_complete EventHook The users have come, or gone, that were aimed at: once in a plain run, after each ramp with a load shape. Gets a `SpawningCompleteEvent`.
---@field request EventHook A request was counted. Gets a `RequestEvent`.
---@field user_error EventHook A task, `on_start` or the like raised. Gets a `UserErrorEvent`.
---@field test_stop EventHook After the last user and `teardown`. Gets a `TestEvent`.
---@field quitting EventHook After everything else. Gets a `QuittingEvent`.
local Events = {}

---An event that can be listened to.
---@class EventHook
local EventHook = {}

---Has a function called each time the event happens; in the order in which they were added.
---@param listener fun(event: table)
function EventHook:add_listener(listener) end

---A WebSocket, or why there is none. Pings of the server are answered while the VU does something else.
---@class WebSocket
---@field open boolean Whether it is open, as far as is known.
---@field status_code integer The status of the handshake: 101; 0 when no answer came.
---@field headers Headers The headers of the answer to the handshake.
---@field subprotocol string? Which subprotocol the server chose.
---@field url string Its URL, without credentials.
---@field elapsed number Seconds that the handshake took.
---@field close_code integer? The code of the server's close frame: 1005 where it had none, 1006 where there was no (valid) close frame. Nil while the socket is open, or where it never was.
---@field close_reason string? The reason in that frame; empty where it gave none.
---@field error RequestError? Why it could not be opened, or what broke it; nil when it was closed in order. `handshake`: the server answered something else.
local WebSocket = {}

---Sends a text; true once the system has taken it, else false and `"closed"` or `"timeout"`.
---@param text string
---@return boolean, string?
function WebSocket:send(text) end

---Sends a binary message, otherwise as `send`.
---@param bytes string
---@return boolean, string?
function WebSocket:send_binary(bytes) end

---The next message, and `"text"` or `"binary"`; nil and `"timeout"` after so many seconds, nil and `"closed"`
---once the socket is closed and all that had arrived is taken. Without a timeout it waits as long as it
---takes.
---@param timeout? number
---@return string?, string
function WebSocket:recv(timeout) end

---`for text, kind in socket:messages() do`: every message until the socket is closed, or until none comes for
---so many seconds.
---@param timeout? number
---@return (fun(socket: WebSocket): string?, string), WebSocket
function WebSocket:messages(timeout) end

---Sends a ping and waits for its pong: the seconds between (also in the metric `ws_ping`), or nil and
---`"closed"` or `"timeout"`.
---@param data? string
---@return number?, string?
function WebSocket:ping(data) end

---Closes the socket (code 1000) and waits up to 5 s for the server's close frame. Messages that were not
---taken are dropped.
---@param code? integer
---@param reason? string
function WebSocket:close(code, reason) end

---A stream of server-sent events, over all its connections, or why there is none.
---@class EventSource
---@field open boolean Whether events may still come, if over another connection.
---@field status_code integer The status of the last answer; 0 when none came.
---@field headers Headers The headers of the last answer.
---@field url string The URL that answered last, after redirects.
---@field elapsed number Seconds until the head of the last answer was there.
---@field last_event_id string The id that would be sent as `Last-Event-ID` now; empty where there is none.
---@field reconnects integer How often it has connected again, or tried to.
---@field error RequestError? Why it could not be opened, or what broke it last; nil when all is well. `handshake`: the server answered with something else than an event stream.
local EventSource = {}

---The next event; nil and `"timeout"` after so many seconds, nil and `"closed"` once there is none to come.
---Without a timeout it waits as long as it takes. Connects again where that is due.
---@param timeout? number
---@return ServerEvent?, string?
function EventSource:next(timeout) end

---`for event in source:events() do`: every event until the source is closed, or until none comes for so many
---seconds.
---@param timeout? number
---@return (fun(source: EventSource): ServerEvent?, string?), EventSource
function EventSource:events(timeout) end

---Closes the connection; there are no more events.
function EventSource:close() end

---A client of a server of gRPC.
---@class GrpcClient
---@field address string Where the server is, as a URL.
local GrpcClient = {}

---Calls a unary method, `package.Service/Method`, and waits for its reply. A call that fails never raises; a
---message that does not fit the method does.
---@param method string
---@param message? table
---@param options? CallOptions
---@param judge? fun(reply: GrpcReply)
---@return GrpcReply
function GrpcClient:call(method, message, options, judge) end

---The same as `call`, by the name that k6 has for it.
---@param method string
---@param message? table
---@param options? CallOptions
---@param judge? fun(reply: GrpcReply)
---@return GrpcReply
function GrpcClient:invoke(method, message, options, judge) end

---Begins a call of a streaming method. It goes on over tasks until the server ends it, it is closed, or its
---VU ends. It counts once it has ended.
---@param method string
---@param options? StreamOptions
---@return GrpcStream
function GrpcClient:stream(method, options) end

---The methods that the server has, as far as its descriptors tell.
---@return string[]
function GrpcClient:methods() end

---Closes the connection once its calls have ended. The next call makes a new one.
function GrpcClient:close() end

---The reply to a call, or why there is none. It is released when the task ends.
---@class GrpcReply
---@field status integer The number of the status: 0 is `grpc.OK`. A call that got no reply has one as well, 14 (UNAVAILABLE) for one that could not connect.
---@field status_name string The name of the status, such as `NOT_FOUND`.
---@field ok boolean Whether the status is OK.
---@field message any The message, read when it is asked for first; nil unless the status is OK.
---@field error RpcError? Why the status is not OK; nil if it is.
---@field headers table<string, string|string[]> The metadata that came before the message; names in lower case. Values of `-bin` are bytes: a list of them, where there are several of a name. Several texts of a name are one, joined by commas.
---@field trailers table<string, string|string[]> The metadata that came after it.
---@field elapsed number Seconds from the call to its end.
local GrpcReply = {}

---Counts the call as a success (with `catch_response` or a closure).
function GrpcReply:success() end

---Counts the call as a failure, grouped by the message.
---@param message string
function GrpcReply:failure(message) end

---Does not count the call at all (with `catch_response` or a closure).
function GrpcReply:ignore() end

---A call that goes on. What nobody takes waits at the server. It counts, once, when it has ended: as a
---failure unless its status is OK or this side has ended it first.
---@class GrpcStream
---@field open boolean Whether the call goes on, as far as is known.
---@field status integer? The number of the status; nil while the call goes on.
---@field status_name string? The name of the status; nil while the call goes on.
---@field ok boolean Whether it has ended with the status OK.
---@field error RpcError? Why the status is not OK; nil if it is, or while the call goes on.
---@field headers table<string, string|string[]> The metadata that the server began with, once it is there.
---@field trailers table<string, string|string[]> The metadata that it ended with, once it is there.
---@field elapsed number? Seconds from its beginning to its end; nil while it goes on.
---@field sent integer Messages sent.
---@field received integer Messages taken.
local GrpcStream = {}

---Sends a message; false where the call is over, or this side of it is closed. The one message of a method
---that streams only its replies closes this side.
---@param message? table
---@return boolean
function GrpcStream:send(message) end

---No more messages from this side; those of the server go on.
function GrpcStream:close_send() end

---The next message; nil and `"timeout"` after so many seconds, nil and `"closed"` when there is none to come.
---Without a timeout it waits as long as it takes.
---@param timeout? number
---@return any, string?
function GrpcStream:recv(timeout) end

---`for message in stream:messages() do`: every message until the call ends, or until none comes for so many
---seconds.
---@param timeout? number
---@return (fun(stream: GrpcStream): any), GrpcStream
function GrpcStream:messages(timeout) end

---Ends the call from this side, unless it is over. `close`, the end of a `<close>` block and the end of the
---VU do the same.
function GrpcStream:cancel() end

---The same as `cancel`.
function GrpcStream:close() end

---Counts the stream as a success (with `catch_response`), when it has ended.
function GrpcStream:success() end

---Counts the stream as a failure, grouped by the message.
---@param message string
function GrpcStream:failure(message) end

---Does not count the stream at all (with `catch_response`).
function GrpcStream:ignore() end

---Counts each named condition as passed or failed and returns whether all held. `check(name, condition)`
---counts one. A failed check does not fail the request.
---@param subject any
---@param checks boolean|table<string, boolean|fun(subject: any): any>
---@return boolean
function check(subject, checks) end

---The environment file (`config/<env>.yaml`) with its variables expanded, and the effective `environment` and
---`base_url`. Read-only.
---@type table<string, any>
config = {}

---Environment variables: `TEST_*`, `E2E_*`, those of `-e NAME=VALUE`, and those that the configuration lists.
---@type table<string, string?>
env = {}

---Files of test data below the script root. Each is read once, whatever the number of VUs, and cannot be
---changed. Open them at the top level of a script, so that a file that is wrong ends the run before it
---begins.
---@class datalib
data = {}

---A CSV file, whose first row names the columns. A row is a table of strings: `row.email`.
---@param path string
---@param options? DataOptions
---@return Dataset
function data.csv(path, options) end

---A text file. A row is a line, without its end.
---@param path string
---@param options? DataOptions
---@return Dataset
function data.lines(path, options) end

---A JSON file. Lists and objects in it are read-only and looked up where they lie: index, `#`, `ipairs`,
---`pairs` and `json.encode` work. It is held in memory as a tree, once, which takes up to ten times as much
---as the file.
---@param path string
---@return any
function data.json(path) end

---The run as a whole.
---@class testlib
test = {}

---Ends the run now; the process exits with 108.
---@param message? string
function test.abort(message) end

---The virtual user that runs this script.
---@type Vu
vu = {}

---Has a function run once, before the first user. What it returns, as JSON would carry it, is `self.data` of
---every user, read-only. Its requests are counted as any other. If it raises, there are no users (exit code
---107). At a script's top level, once.
---@param setup fun(): any
function setup(setup) end

---Has a function run once, after the last user, with what `setup` returned; not where `setup` did not come to
---its end. At a script's top level, once.
---@param teardown fun(data: any)
function teardown(teardown) end

---What happens in a run, for listeners. `init`, `test_start`, `spawning_complete`, `test_stop` and `quitting`
---are called in a VM of their own, beside those of the users; `request` and `user_error` in the VM of the
---user to whom it happens. A listener that raises is counted as an exception, and the others are called all
---the same, in a new VM where one exceeded the CPU budget or the memory limit; but if one of `init` raises,
---nothing runs (exit code 107). After `test.abort` in `init` there is no `test_start`, and no `test_stop`
---either. Listeners of the run are added at the top level of a script.
---@type Events
events = {}

---Invented values, from random numbers of the VU's own: with `--seed` a VU draws the same values in each run.
---Use `uuid` for what must be unique.
---@class fakelib
fake = {}

---A first and a last name.
---@return string
function fake.name() end

---A first name.
---@return string
function fake.first_name() end

---A last name.
---@return string
function fake.last_name() end

---A name to log in with.
---@return string
function fake.user_name() end

---A mail address at example.com, .net or .org, where no mail ever arrives.
---@return string
function fake.email() end

---Letters and digits, 12 unless told.
---@param length? integer
---@return string
function fake.password(length) end

---A phone number, in one of several forms.
---@return string
function fake.phone_number() end

---What somebody works as.
---@return string
function fake.job() end

---The name of a company.
---@return string
function fake.company() end

---What a company says of itself.
---@return string
function fake.catch_phrase() end

---A branch of industry.
---@return string
function fake.industry() end

---A street.
---@return string
function fake.street_name() end

---A number and a street.
---@return string
function fake.street_address() end

---A postcode.
---@return string
function fake.postcode() end

---A city.
---@return string
function fake.city() end

---A state of the USA.
---@return string
function fake.state() end

---A country.
---@return string
function fake.country() end

---A country's code, such as `NZ`.
---@return string
function fake.country_code() end

---A time zone, such as `Europe/Rome`.
---@return string
function fake.time_zone() end

---A currency's code, such as `EUR`.
---@return string
function fake.currency_code() end

---A word of Lorem Ipsum.
---@return string
function fake.word() end

---Words with spaces between, 3 unless told.
---@param count? integer
---@return string
function fake.words(count) end

---A sentence, of 4 to 9 words unless told.
---@param words? integer
---@return string
function fake.sentence(words) end

---Sentences with spaces between, 4 to 6 unless told.
---@param sentences? integer
---@return string
function fake.paragraph(sentences) end

---A whole number, both ends included.
---@param from integer
---@param to integer
---@return integer
function fake.int(from, to) end

---A number, from 0 to 1 unless told.
---@param from? number
---@param to? number
---@return number
function fake.float(from, to) end

---True with this probability, 0.5 unless told.
---@param probability? number
---@return boolean
function fake.bool(probability) end

---One item of a list.
---@param list any[]
---@return any
function fake.pick(list) end

---A day as `2026-01-31`, both ends included; from 1970 to 2029 unless told.
---@param from? string
---@param to? string
---@return string
function fake.date(from, to) end

---A random UUID that the seed repeats: another run makes the same one. `uuid()` is unique.
---@return string
function fake.uuid() end

---Digits, 6 unless told.
---@param count? integer
---@return string
function fake.digits(count) end

---An IPv4 address.
---@return string
function fake.ipv4() end

---An IPv6 address.
---@return string
function fake.ipv6() end

---A MAC address.
---@return string
function fake.mac_address() end

---What a browser says that it is.
---@return string
function fake.user_agent() end

---Runs the function as a named part of the task, and returns what it returns. How long it took is measured;
---checks are listed below their group, and requests are counted in it too. Names of groups within groups are
---joined with `::`. An error in the function ends the group and goes on. It cannot `coroutine.yield` to a
---coroutine around the group; nor can other functions that the host calls.
---@param name string
---@param run fun(): any
---@return any
function group(name, run) end

---Calls of gRPC, by the descriptors of the server: from .proto files, from a set of descriptors, or from the
---server itself. Its constants are the numbers of the statuses.
---@class grpclib
---@field OK integer The call succeeded.
---@field CANCELLED integer This side has ended the call.
---@field UNKNOWN integer The server does not say.
---@field INVALID_ARGUMENT integer The message is wrong in itself.
---@field DEADLINE_EXCEEDED integer The time of the call was over.
---@field NOT_FOUND integer What was asked for is not there.
---@field ALREADY_EXISTS integer What was to be made is there already.
---@field PERMISSION_DENIED integer The caller may not.
---@field RESOURCE_EXHAUSTED integer A quota, or the size of a message.
---@field FAILED_PRECONDITION integer The state of the system does not allow it.
---@field ABORTED integer Something else came in between, such as another version.
---@field OUT_OF_RANGE integer Past the end.
---@field UNIMPLEMENTED integer The server has no such method.
---@field INTERNAL integer A fault of the server, or of what it sends.
---@field UNAVAILABLE integer The server cannot be reached, or does not want calls now.
---@field DATA_LOSS integer Data is lost or broken.
---@field UNAUTHENTICATED integer The caller did not say who it is.
grpc = {}

---A client of the server at `host:port`, or at `http://..` or `https://..`. It connects with the first call,
---and again when the connection is gone. Without `proto` and `descriptor_set` the server is asked what it
---offers (reflection). A GrpcUser has one as `self.grpc`.
---@param address string
---@param options? GrpcOptions
---@return GrpcClient
function grpc.client(address, options) end

---HTTP requests over the VU's own connections. `self.client` is the same client.
---@class httplib
---@field cookies Cookies The VU's cookies.
http = {}

---Sends a GET request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.get(path, options, judge) end

---Sends a POST request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.post(path, options, judge) end

---Sends a PUT request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.put(path, options, judge) end

---Sends a PATCH request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.patch(path, options, judge) end

---Sends a DELETE request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.delete(path, options, judge) end

---Sends a HEAD request. Does not follow redirects unless asked to.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.head(path, options, judge) end

---Sends an OPTIONS request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.options(path, options, judge) end

---Sends a request with any method.
---@param method string
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function http.request(method, path, options, judge) end

---Sends requests in parallel; the responses come in the order of the requests. Each is a path, or `{ method,
---path, options... }`.
---@param requests (string|table)[]
---@return Response[]
function http.batch(requests) end

---JSON text and values. 64-bit integers are exact.
---@class jsonlib
---@field null Null JSON's null: unlike nil, a table can hold it.
json = {}

---The value as JSON. A table with keys 1..n is a list; an empty one is an object (see `array`).
---@param value any
---@return string
function json.encode(value) end

---The value of a JSON text. null becomes `json.null`; lists stay lists, also when they are empty. An integer
---from 2^63 up to 2^64 is an error; one beyond 64 bits becomes a float.
---@param text string
---@return any
function json.decode(text) end

---Marks a table as a list, so that it is one in JSON even when it is empty. Returns it.
---@param list? table
---@return table
function json.array(list) end

---Log lines, shown above the progress bar and in `--logfile`. Tables are written as JSON.
---@class loglib
log = {}

---Shown with `-L debug`.
---@param ... any
function log.debug(...) end

---Shown by default.
---@param ... any
function log.info(...) end

---Something looks wrong.
---@param ... any
function log.warn(...) end

---Something is wrong.
---@param ... any
function log.error(...) end

---Metrics of the script's own. A name is one metric in all VUs, wherever it is declared. A name has 1 to 128
---ASCII letters, digits or underscores, and does not begin with a digit.
---@class metricslib
metrics = {}

---Adds its values up: numbers of 0 or more.
---@param name string
---@param options? MetricOptions
---@return Counter
function metrics.counter(name, options) end

---Keeps the last of its values, the least and the greatest.
---@param name string
---@param options? MetricOptions
---@return Gauge
function metrics.gauge(name, options) end

---The share of its values that are true, or 1; the others are false, or 0.
---@param name string
---@param options? MetricOptions
---@return Rate
function metrics.rate(name, options) end

---How its values are distributed: average, median, percentiles.
---@param name string
---@param options? MetricOptions
---@return Trend
function metrics.trend(name, options) end

---Sets defaults of the run, at the top level of a script.
---@param options RunOptions
function options(options) end

---A secret: the variable of that name (`-e` included), else the file of that name in the folder
---`settings.secrets` (`/run/secrets`). It is an error where there is neither. From then on its value is
---written as `***` in every log line, result and message, also as it stands in URLs, JSON and base64; a value
---of fewer than 4 bytes only where it stands alone.
---@param name string
---@return string
function secret(name) end

---Server-sent events, over the VU's own connections and cookies.
---@class sselib
sse = {}

---Opens an event source: an absolute URL, or a path below the base URL. It stays open over tasks until it is
---closed, its VU ends, or the server has no more (status 204). One that cannot be opened does not raise: it
---has an `error`. Counts as `SSE` under its path, or `name`, each time it connects.
---@param url string
---@param options? SourceOptions
---@return EventSource
function sse.open(url, options) end

---Waits; other VUs go on meanwhile.
---@param seconds number
function sleep(seconds) end

---Clocks.
---@class timelib
time = {}

---Seconds since 1970, with their fraction.
---@return number
function time.now() end

---Seconds since the start of the run, on a clock that is never set.
---@return number
function time.monotonic() end

---A time (now, unless given as seconds since 1970) as `2026-01-31T12:00:00.123Z`.
---@param seconds? number
---@return string
function time.iso(seconds) end

---Unique identifiers. `uuid()` is `uuid.v4()`.
---@class uuidlib
---@overload fun(): string
uuid = {}

---A random UUID, as `f47ac10b-58cc-4372-a567-0e02b2c3d479`.
---@return string
function uuid.v4() end

---A UUID that sorts by time.
---@return string
function uuid.v7() end

---A random UUID as 32 hexadecimal digits.
---@return string
function uuid.hex() end

---Waits a random time between two numbers of seconds.
---@param shortest number
---@param longest number
---@return WaitTime
function between(shortest, longest) end

---Waits the same time after each task.
---@param seconds number
---@return WaitTime
function constant(seconds) end

---Starts a task every so many seconds, as long as tasks are shorter than that.
---@param seconds number
---@return WaitTime
function constant_pacing(seconds) end

---Starts so many tasks a second and user, as long as tasks are short enough.
---@param per_second number
---@return WaitTime
function constant_throughput(per_second) end

---Waits exponentially distributed times, with a mean of 1/rate seconds.
---@param rate number
---@return WaitTime
function poisson(rate) end

---WebSockets, over the VU's own connections and cookies.
---@class wslib
ws = {}

---Opens a WebSocket: `ws://..`, `wss://..`, or a path below the base URL. It stays open over tasks until it
---is closed, or its VU ends. One that cannot be opened does not raise: it has an `error`. Counts as `WS`
---under its path, or `name`.
---@param url string
---@param options? SocketOptions
---@return WebSocket
function ws.connect(url, options) end

---HTTP requests over the VU's own connections. `self.client` is the same client.
---@class HttpClient
---@field cookies Cookies The VU's cookies.
local HttpClient = {}

---Sends a GET request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:get(path, options, judge) end

---Sends a POST request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:post(path, options, judge) end

---Sends a PUT request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:put(path, options, judge) end

---Sends a PATCH request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:patch(path, options, judge) end

---Sends a DELETE request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:delete(path, options, judge) end

---Sends a HEAD request. Does not follow redirects unless asked to.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:head(path, options, judge) end

---Sends an OPTIONS request.
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:options(path, options, judge) end

---Sends a request with any method.
---@param method string
---@param path string
---@param options? RequestOptions
---@param judge? fun(response: Response)
---@return Response
function HttpClient:request(method, path, options, judge) end

---Sends requests in parallel; the responses come in the order of the requests. Each is a path, or `{ method,
---path, options... }`.
---@param requests (string|table)[]
---@return Response[]
function HttpClient:batch(requests) end

---A kind of virtual user. Extend it and give it tasks; each user runs them in a sandbox of its own, one after
---the other, chosen by weight. `self` is the user's own instance.
---@class User
---@field data any What `setup` returned; read-only, one for all users. Nil without it.
---@field on_start fun(self: User) Runs once, before the user's first task.
---@field on_stop fun(self: User) Runs once, when the user ends.
---@field wait_time? WaitTime|number|fun(self: User): number What to wait between two tasks: `between(1, 2)` and the like, seconds, or a function that returns seconds. Without it: nothing.
---@field weight? number The share of users that this class gets, relative to the other classes' (1).
---@field fixed_count? integer Exactly so many users, given out before weights count (0: by weight).
---@field host? string Where relative paths lead, before `--host` and `base_url`.
---@field grpc_options? GrpcOptions Of a GrpcUser: how its client knows the server and connects to it.
---@field abstract? boolean Only to be extended: it has no users itself. Not inherited.
---@field tags? string[] Tags of all its tasks, for `--tags` and `--exclude-tags`.
---@field tasks? (fun(self: User)|TaskSet|table)[] Tasks as a list: functions, task sets, or `{ target, weight }`. `Class:task` gives them names as well.
---@field [string] any
User = {}

---Defines a class. It is run if it has a task (its own or inherited) and is not abstract, unless classes are
---named on the command line. At a script's top level only.
---@generic T: User
---@param self T
---@param name string
---@param attributes? UserAttributes
---@return T
function User.extend(self, name, attributes) end

---Gives the class a task, a function or a task set. One of the same name replaces an inherited one. A task
---that raises is counted as an exception, and the user goes on.
---@generic T: User
---@param self T
---@param name string
---@param weight integer|TaskOptions|fun(self: T)|TaskSet
---@param task? fun(self: T)|TaskSet
function User.task(self, name, weight, task) end

---Ends this user once its task is done; `on_stop` runs.
---@generic T: User
---@param self T
function User.stop(self) end

---A user with an HTTP client. It needs a host: the class's, `--host`, or the environment's `base_url`.
---@class HttpUser: User
---@field client HttpClient Requests over connections and with cookies of the user's own.
HttpUser = {}

---A user with a client of gRPC. It needs a server: the class's `host`, as `host:port`, else the environment's
---`grpc_host`, else its `base_url`. Its `grpc_options` say how the server is known; without them it is asked
---itself.
---@class GrpcUser: User
---@field grpc GrpcClient The user's client, made when it is used.
GrpcUser = {}

---Tasks that belong together, to be a task of a user class or of another set. A user that comes to it goes on
---with the set's tasks, chosen by weight, until one of them calls `interrupt`. `self` is an instance of the
---set, new each time that it is entered.
---@class TaskSet
---@field data any What `setup` returned; read-only, one for all users. Nil without it.
---@field user User The user.
---@field client HttpClient The user's client.
---@field grpc GrpcClient The user's client of gRPC, if it is a GrpcUser.
---@field parent TaskSet|User What the set is nested in: the instance of the set around it, or the user.
---@field on_start fun(self: TaskSet) Runs when a user enters the set. If it raises, the set is not entered.
---@field on_stop fun(self: TaskSet) Runs when a user leaves the set, also because the user ends.
---@field wait_time? WaitTime|number|fun(self: TaskSet): number As a user's. A set without it waits as the user does.
---@field abstract? boolean Only to be extended: it cannot be a task itself. Not inherited.
---@field tags? string[] Tags of all that is below it.
---@field tasks? (fun(self: TaskSet)|TaskSet|table)[] Tasks as a list: functions, task sets, or `{ target, weight }`.
---@field [string] any
TaskSet = {}

---Defines a task set. At a script's top level only.
---@generic T: TaskSet
---@param self T
---@param name string
---@param attributes? TaskSetAttributes
---@return T
function TaskSet.extend(self, name, attributes) end

---Gives the set a task, a function or a further set. One of the same name replaces an inherited one.
---@generic T: TaskSet
---@param self T
---@param name string
---@param weight integer|TaskOptions|fun(self: T)|TaskSet
---@param task? fun(self: T)|TaskSet
function TaskSet.task(self, name, weight, task) end

---Leaves the innermost set that runs, at this point of its task; its `on_stop` runs. What it is nested in
---takes its next task at once, or waits before if `reschedule` is false.
---@generic T: TaskSet
---@param self T
---@param reschedule? boolean
function TaskSet.interrupt(self, reschedule) end

---A task set whose tasks come in the order of their definition, each as often in a row as its weight says,
---and from the first again after the last.
---@class SequentialTaskSet: TaskSet
SequentialTaskSet = {}

---A task set whose tasks follow each other by chance: the first is the one that is defined first, and each
---names in `next` those that may follow it: `Set:task("browse", { next = { browse = 1, buy = 2 } },
---function(self) ... end)`.
---@class MarkovTaskSet: TaskSet
MarkovTaskSet = {}

---How many users there are, when. A script that extends it (once) takes over from `--users` and
---`--spawn-rate`; `--run-time` still ends the run. Give it `stages`, or a method `tick`.
---@class LoadTestShape
---@field tick fun(self: LoadTestShape): number?, number|string|nil, (User|string)[]? Asked at the start and then each second, in a VM of its own. It returns how many users there are to be (computed numbers are rounded), how many come or go per second, and, if only some classes are to be added to, those; nil ends the run. The newest answer counts, also while users still come or go for an older one.
---@field stages? Stage[] The stages of the run, one after the other; it ends with the last. A method `tick` comes before them.
---@field abstract? boolean Only to be extended. Not inherited.
---@field [string] any
LoadTestShape = {}

---Defines a load shape. A run has one that is not abstract, unless one is named on the command line. At a
---script's top level only.
---@generic T: LoadTestShape
---@param self T
---@param name string
---@param attributes? LoadTestShapeAttributes
---@return T
function LoadTestShape.extend(self, name, attributes) end

---Seconds since the first users, or since `reset_time`.
---@generic T: LoadTestShape
---@param self T
---@return number
function LoadTestShape.run_time(self) end

---How many users live.
---@generic T: LoadTestShape
---@param self T
---@return integer
function LoadTestShape.current_users(self) end

---Lets `run_time` begin at 0 again.
---@generic T: LoadTestShape
---@param self T
function LoadTestShape.reset_time(self) end
