/* SPDX-License-Identifier: MIT */
/*
 * tests/port.h -- a port of 127.0.0.1 that no other program gets.
 *
 * A port that is free now may be anybody's when it is needed: the kernel gives it to the next connection.  This one is bound by a
 * socket that never listens, so connections to it are refused, and whoever sets SO_REUSEADDR, as listen_on does, may listen there.
 */
#ifndef ARCA_TESTS_PORT_H
#define ARCA_TESTS_PORT_H

/* Until *fd is closed. */
unsigned port_hold(int *fd);

#endif
