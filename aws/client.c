/* SPDX-License-Identifier: MIT */
/* aws/client.c -- a client from its settings. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include "aws/client_internal.h"

static bool plain(const char *s, const char *signs)
{
	for (; *s; s++)
		if (!isascii((unsigned char)*s) || !(isalnum((unsigned char)*s) || strchr(signs, *s))) return false;
	return true;
}

bool aws_region_ok(const char *text) { return text[0] && strlen(text) <= AWS_REGION && plain(text, "-"); }

bool aws_endpoint_ok(const char *text)
{
	const size_t scheme = strncasecmp(text, "http://", 7) == 0 ? 7 : strncasecmp(text, "https://", 8) == 0 ? 8 : 0;

	return scheme && text[scheme] && strlen(text) <= AWS_ENDPOINT && plain(text + scheme, ".-:[]_");
}

static void sleep_ms(void *ctx, int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)ctx;
	while (nanosleep(&t, &t) && errno == EINTR) continue;
}

static err check(const aws_settings *s)
{
	if (!aws_region_ok(s->region))
		return err_fail(ERR_REQUEST, "\"%.40s\" is not a region of AWS; one is like eu-west-3", s->region);
	if (s->s3_endpoint[0] && !aws_endpoint_ok(s->s3_endpoint))
		return err_fail(ERR_REQUEST, "\"%.80s\" is not an endpoint; one is like https://s3.example:9000", s->s3_endpoint);
	if (s->kms_endpoint[0] && !aws_endpoint_ok(s->kms_endpoint))
		return err_fail(ERR_REQUEST, "\"%.80s\" is not an endpoint; one is like https://kms.example", s->kms_endpoint);
	return OK;
}

static char *copied(const char *s)
{
	char *out = strdup(s ? s : "");
	ASSERT(out);
	return out;
}

err aws_new(aws **out, const aws_settings *s)
{
	TRY(check(s));
	aws *a = calloc(1, sizeof *a);
	if (!a) return err_fail(ERR_NOMEM, "no memory for a client of AWS");
	pthread_mutex_init(&a->lock, NULL);
	a->region = copied(s->region), a->endpoint[AWS_S3] = copied(s->s3_endpoint), a->endpoint[AWS_KMS] = copied(s->kms_endpoint);
	a->file = copied(s->credentials.file), a->credential = copied(s->credentials.credential);
	a->timeout_ms = s->timeout_ms ? s->timeout_ms : AWS_TIMEOUT;
	a->tries = s->tries ? s->tries : AWS_TRIES;
	a->random = *s->random;
	a->pause = s->pause ? s->pause : sleep_ms, a->pause_ctx = s->pause_ctx, a->pauses = s->pauses;
	err e = secret_alloc((void **)&a->who, sizeof *a->who);
	if (e == OK) e = aws_credentials_read(a->who, &s->credentials);
	if (e != OK) {
		aws_free(&a);
		return e;
	}
	*out = a;
	return OK;
}

void aws_free(aws **ap)
{
	aws *a = *ap;
	if (!a) return;
	secret_release(a->who);
	pthread_mutex_destroy(&a->lock);
	free(a->region), free(a->endpoint[AWS_S3]), free(a->endpoint[AWS_KMS]), free(a->file), free(a->credential);
	free(a);
	*ap = NULL;
}

bool aws_is_own(const aws *client, aws_service s) { return !client->endpoint[s][0]; }
const char *aws_region(const aws *client) { return client->region; }

bool aws_renew(aws *a, uint64_t seen)
{
	const aws_credentials_source from = { .file = a->file, .credential = a->credential, .descriptor = -1 };
	bool there = a->file[0] || a->credential[0];

	if (!there) return false;
	pthread_mutex_lock(&a->lock);
	if (a->renewed == seen) {
		there = aws_credentials_read(a->who, &from) == OK;
		a->renewed += there;
		err_clear();
	}
	pthread_mutex_unlock(&a->lock);
	return there;
}
