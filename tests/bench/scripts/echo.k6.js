import grpc from "k6/net/grpc";
import { fail } from "k6";

const client = new grpc.Client();
client.load(["."], "echo.proto");
let connected = false;

export default function () {
  if (!connected) {
    client.connect(__ENV.HOST.replace("http://", ""), { plaintext: true });
    connected = true;
  }
  const reply = client.invoke("bench.Echo/Echo", { id: 2 ** 40, name: "a small message", is_new: true });
  if (reply.message.id !== String(2 ** 40)) fail("the echo is another message");
}
