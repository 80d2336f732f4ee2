/* SPDX-License-Identifier: MIT */
/* base/sandbox_internal.h -- the two halves of base/sandbox.h. */
#ifndef ARCA_BASE_SANDBOX_INTERNAL_H
#define ARCA_BASE_SANDBOX_INTERNAL_H

#include "base/sandbox.h"

/* Appends what is in force, or why nothing is. */
err  sandbox_files(sandbox_report *out, const sandbox_needs *needs);

/* With a handler for what is refused, which writes to the log. */
err  sandbox_calls(sandbox_report *out, bool serving);

#endif
