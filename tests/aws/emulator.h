/* SPDX-License-Identifier: MIT */
/* tests/aws/emulator.h -- tests/tools/aws_emulator.mjs, started once a program. */
#ifndef ARCA_TESTS_AWS_EMULATOR_H
#define ARCA_TESTS_AWS_EMULATOR_H

#include "aws/s3.h"
#include "tests/test.h"

#define EMULATOR_ID "AKIDEMULATOR"
#define EMULATOR_SECRET "emulator+secret/of+no+use"
#define EMULATOR_TOKEN "token+of/the+day=="
#define EMULATOR_REGION "eu-test-1"

/* Fixtures of test_main_with: the program, and at its end the program's end. */
int emulator_start(void **state);
int emulator_stop(void **state);

const char *emulator_url(void);                        /* "http://127.0.0.1:1234" */

/* Forgets everything and takes these settings, as the program says: "{}", "{\"page\":2}". */
void emulator_reset(const char *settings);
void emulator_tell(const char *settings);              /* without forgetting */
/* How many requests there were, of them refused; and is this among what was asked, or among the objects? */
unsigned emulator_count(const char *what);
bool emulator_has(const char *text);

/* A client of it that never sleeps: pauses are counted. */
aws *emulator_client(void);
extern unsigned emulator_pauses;
void emulator_pause(void *ctx, int64_t ms);

#endif
