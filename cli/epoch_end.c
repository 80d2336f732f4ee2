/* SPDX-License-Identifier: MIT */
/* cli/epoch_end.c -- one line among a party's metrics. */
#include "cli/epoch_end.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include "rpc/fetch.h"

enum { MAX_METRICS = 16 << 20, PATIENCE_MS = 5000 };

double epoch_end(const cluster_party *p, const id32 *epoch)
{
	AUTO(buf) url = { 0 };
	AUTO(buf) text = { 0 };
	char id[ID_TEXT], line[ID_TEXT + 64];

	id_text(id, epoch);
	const int n = snprintf(line, sizeof line, "\narca_epoch_answers_until_seconds{epoch=\"%s\"} ", id);
	buf_printf(&url, "%s/metrics", p->http);
	if (fetch_url(&text, buf_str(&url), MAX_METRICS, PATIENCE_MS) != OK) {
		err_clear();
		return -1;
	}
	const char *at = strstr(buf_str(&text), line);
	return at ? strtod(at + n, NULL) : -1;
}

void epoch_end_text(char out[static EPOCH_END_TEXT], double end)
{
	const double latest = 253402300799;              /* year 9999 */
	struct tm t;

	if (!(end >= 0)) out[0] = '\0';
	else if (isinf(end)) snprintf(out, EPOCH_END_TEXT, "; superseded: erased when it is destroyed");
	else if (end > latest) out[0] = '\0';
	else {
		const time_t at = (time_t)end;
		gmtime_r(&at, &t);
		strftime(out, EPOCH_END_TEXT, "; superseded: erased at %Y-%m-%d %H:%M:%S UTC", &t);
	}
}
