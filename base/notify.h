/* SPDX-License-Identifier: MIT */
/*
 * base/notify.h -- what the service manager is told: sd_notify(3), which is one datagram.
 *
 *   READY=1        everything is started, requests are taken in
 *   WATCHDOG=1     a node: the thread that answers calls still turns (node/api.c); without it for WatchdogSec the node is killed
 *   STOPPING=1     asked to stop, what is under way may finish; EXTEND_TIMEOUT_USEC= says how long that may take
 *
 * Whoever started the process says where in $NOTIFY_SOCKET; if nobody did, or nobody listens, nothing happens.
 */
#ifndef ARCA_BASE_NOTIFY_H
#define ARCA_BASE_NOTIFY_H

#include <stdint.h>

/* If the manager's queue is full it is waited for so long at most. */
enum { NOTIFY_NOW_MS = 1, NOTIFY_SURELY_MS = 5000 };
void notify_say(const char *state, int64_t wait_ms);

/* Half the time after which $WATCHDOG_USEC gives the service up for dead; 0: nobody asks this process. */
int64_t notify_every_ms(void);

#endif
