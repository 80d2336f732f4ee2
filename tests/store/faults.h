/* SPDX-License-Identifier: MIT */
/*
 * tests/store/faults.h -- a driver around another one, that fails where it is told to.
 *
 *   faults f = faults_around(STORE_POSTGRES);
 *   store_open(&s, &(store_config){ .url = url, .driver = &f.driver });
 *   f.fail_at = 3, f.how = FAULT_LOST_AFTER;             the third call from now on
 */
#ifndef ARCA_TESTS_STORE_FAULTS_H
#define ARCA_TESTS_STORE_FAULTS_H

#include <stdatomic.h>
#include "store/store_internal.h"

typedef enum fault {
	FAULT_NONE,
	FAULT_REFUSED,        /* ERR_IO, nothing was done                                        */
	FAULT_LOST_BEFORE,    /* the connection breaks; nothing was done                         */
	FAULT_LOST_AFTER,     /* the connection breaks once everything was done and committed    */
	FAULT_LATE,           /* it takes 20 ms                                                  */
} fault;

typedef struct faults {
	store_driver driver;                 /* first: the driver finds its faults by it */
	const store_driver *real;
	_Atomic int fail_at;                 /* counts down with each call; the one that brings it to zero fails */
	_Atomic bool closed;                 /* while it is true nothing can be opened, and nothing goes */
	_Atomic bool hangs;                  /* while it is true what is called waits */
	fault how;
	_Atomic unsigned calls, opened;
} faults;

faults faults_around(store_dialect d);

#endif
