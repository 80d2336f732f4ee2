/* SPDX-License-Identifier: MIT */
/*
 * base/log.h -- one line an event, to stderr; text for people or JSON for machines.
 *
 * A library room does not log: it returns an err, and the boundary (request handler, main) logs once.
 * Secrets have no printer, so none can get here.  A line of a thread that works on a traced request (trace.h) ends with the
 * ids of trace and span; in JSON they are fields.  Where stderr is systemd's journal, a line's level is its priority there.
 */
#ifndef ARCA_BASE_LOG_H
#define ARCA_BASE_LOG_H

#include <stdbool.h>
#include "base/err.h"

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level;

/* "debug", "info", "warn" or "error". */
bool log_level_by_name(log_level *out, const char *name);

/* At the start of main, and again when the configuration is read; before there are other threads. */
void log_setup(log_level least, bool json);

void log_line(log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* "what" and "which", plain ASCII, from the handler of a signal: no lock, no memory, no time. */
void log_from_signal(log_level level, const char *what, const char *which);

/* Logs "<what>: <sentence>" with the trail of the thread's error and clears it. */
void log_err(log_level level, const char *what, err e);

#endif
