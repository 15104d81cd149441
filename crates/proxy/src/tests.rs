//! Tests over real sockets: a client that writes bytes, the proxy behind a server, an upstream
//! that reads and writes bytes.

mod bodies;
mod connections;
mod heads;
mod support;
mod tls;
mod websocket;
