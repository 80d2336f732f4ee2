/* SPDX-License-Identifier: MIT */
/* node/sandbox_internal.h -- the two halves of node/sandbox.h. */
#ifndef ARCA_NODE_SANDBOX_INTERNAL_H
#define ARCA_NODE_SANDBOX_INTERNAL_H

#include "node/sandbox.h"

/* Appends what is in force, or why nothing is. */
err  sandbox_files(sandbox_report *out, const sandbox_needs *needs);

/* With a handler for what is refused, which writes to the log. */
err  sandbox_calls(sandbox_report *out, bool serving);

#endif
