/* SPDX-License-Identifier: MIT */
#include "tests/aws/emulator.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rpc/fetch.h"

static pid_t child = -1;
static int input = -1;
static char url[64];
unsigned emulator_pauses;

int emulator_start(void **state)
{
	int in[2], out[2];
	char line[16] = "";
	size_t n = 0;

	(void)state;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) return -1;
	child = fork();
	if (child == 0) {
		dup2(in[0], STDIN_FILENO), dup2(out[1], STDOUT_FILENO);
		execl(ARCA_NODE_PROGRAM, "node", ARCA_EMULATOR, (char *)NULL);
		_exit(127);
	}
	close(in[0]), close(out[1]);
	input = in[1];
	while (n + 1 < sizeof line && read(out[0], line + n, 1) == 1 && line[n] != '\n') n++;
	close(out[0]);
	snprintf(url, sizeof url, "http://127.0.0.1:%d", atoi(line));
	return atoi(line) ? 0 : -1;
}

int emulator_stop(void **state)
{
	int how;

	(void)state;
	close(input);                                  /* it ends with its input */
	waitpid(child, &how, 0);
	return how;
}

const char *emulator_url(void) { return url; }

static buf ask(const char *settings)
{
	char address[80];
	buf answer = { 0 };
	unsigned status;
	slice json = settings ? slice_str(settings) : (slice){ 0 };

	snprintf(address, sizeof address, "%s/_emulator", url);
	assert_ok(fetch_ask(&answer, &status, address, NULL, settings ? &json : NULL, 1 << 20, 60000));
	assert_int_equal(status, 200);
	return answer;
}

void emulator_tell(const char *settings)
{
	buf answer = ask(settings);
	buf_free(&answer);
}

void emulator_reset(const char *settings)
{
	emulator_tell("{\"forget\":true}");
	emulator_tell(settings);
	emulator_pauses = 0;
}

unsigned emulator_count(const char *what)
{
	AUTO(buf) answer = ask(NULL);
	char name[40];

	snprintf(name, sizeof name, "\"%s\":", what);
	const char *at = strstr(buf_str(&answer), name);
	assert_non_null(at);
	return (unsigned)atoi(at + strlen(name));
}

bool emulator_has(const char *text)
{
	AUTO(buf) answer = ask(NULL);

	return strstr(buf_str(&answer), text) != NULL;
}

void emulator_pause(void *ctx, int64_t ms)
{
	(void)ctx;
	assert_in_range(ms, 50, 5000);
	emulator_pauses++;
}

aws *emulator_client(void)
{
	static char id[] = "AWS_ACCESS_KEY_ID=" EMULATOR_ID, secret[] = "AWS_SECRET_ACCESS_KEY=" EMULATOR_SECRET;
	char one[sizeof id], two[sizeof secret], *environment[] = { one, two, NULL };
	aws *a = NULL;

	memcpy(one, id, sizeof id), memcpy(two, secret, sizeof secret);
	assert_ok(aws_new(&a, &(aws_settings){ .region = EMULATOR_REGION, .s3_endpoint = url, .kms_endpoint = url, .random = test_rng(),
		.credentials = { .descriptor = -1, .environment = environment }, .pause = emulator_pause }));
	return a;
}
