/* SPDX-License-Identifier: MIT */
/*
 * rpc/rpc.h -- the front door of the room that talks to the outside: protobuf, HTTP/2, gRPC, HTTP, and links between
 * nodes.  It knows nothing of keys or protocols.  Read in this order:
 *
 *   status.h     how a call ends                       pb.h        messages into an arena with a limit
 *   server.h     gRPC: methods, handlers, answers      conn.h      gRPC: calls from any thread
 *   http.h       the HTTP/1.1 server                   fetch.h     HTTP GET and POST
 *   limits.h     what a peer may cost us               reactor.h   the one thread for all sockets
 *   links.h      frames between nodes, mutual TLS 1.3  certs.h     their certificates
 *
 * and, for those who work on it: transport.h (the seam under HTTP/2), frame.h (messages in DATA frames), h2.h
 * (connections and streams).
 */
#ifndef ARCA_RPC_RPC_H
#define ARCA_RPC_RPC_H

#include "rpc/conn.h"
#include "rpc/fetch.h"
#include "rpc/http.h"
#include "rpc/limits.h"
#include "rpc/pb.h"
#include "rpc/reactor.h"
#include "rpc/server.h"
#include "rpc/status.h"

#endif
