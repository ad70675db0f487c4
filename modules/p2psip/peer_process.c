/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running p2psip-peer: command line, descriptors, signals. */
#include "modules/p2psip/peer_process.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modules/p2psip/config.h"
#include "modules/p2psip/shared.h"

#define PEER_FD 3
#define JOURNAL_FD 4
#define CHECK_TIMEOUT_MS 15000
#define ARGUMENTS_MAX (40 + 2 * P2PSIP_LISTEN_MAX)

struct arguments {
	char *argv[ARGUMENTS_MAX + 1];
	int argc;
	char sip_socket[64];
	char flow_port[16];
	char connect_timeout[16];
	char flow_idle[16];
	char leave_timeout[16];
	char flow_rate[16];
	char broker_fd[16];
	char journal_fd[16];
};

static void add(struct arguments *a, char *option, char *value)
{
	if (a->argc + 2 > ARGUMENTS_MAX)
		return;
	a->argv[a->argc++] = option;
	if (value != NULL)
		a->argv[a->argc++] = value;
}

static void add_if_set(struct arguments *a, char *option, char *value)
{
	if (value != NULL && value[0] != '\0')
		add(a, option, value);
}

static void make_arguments(struct arguments *a, int check, int journal)
{
	struct p2psip_config *c = &p2psip_config;

	memset(a, 0, sizeof(*a));
	snprintf(a->sip_socket, sizeof(a->sip_socket), "%s:%d", c->overlay_si->address_str.s,
		 c->overlay_si->port_no);
	snprintf(a->flow_port, sizeof(a->flow_port), "%d", c->flow_port);
	snprintf(a->connect_timeout, sizeof(a->connect_timeout), "%d", c->connect_timeout);
	snprintf(a->flow_idle, sizeof(a->flow_idle), "%d", c->flow_idle);
	/* The peer has to be done before the broker's patience ends; at 0 it is killed at once. */
	snprintf(a->leave_timeout, sizeof(a->leave_timeout), "%d",
		 c->leave_timeout > 0 ? c->leave_timeout - c->leave_timeout / 6 : 1);
	snprintf(a->flow_rate, sizeof(a->flow_rate), "%d", c->flow_rate);
	snprintf(a->broker_fd, sizeof(a->broker_fd), "%d", PEER_FD);
	add(a, c->peer_path, NULL);
	if (check)
		add(a, "--check", NULL);
	else
		add(a, "--broker-fd", a->broker_fd);
	if (journal) {
		snprintf(a->journal_fd, sizeof(a->journal_fd), "%d", JOURNAL_FD);
		add(a, "--journal-fd", a->journal_fd);
	}
	add(a, "--document", c->document);
	add(a, "--dir", c->node_dir);
	for (int i = 0; i < c->listen_count; i++)
		add(a, "--listen", c->listen[i]);
	add_if_set(a, "--advertise", c->advertise);
	add(a, "--flow-listen", c->flow_listen);
	add_if_set(a, "--flow-advertise", c->flow_advertise);
	add(a, "--sip-socket", a->sip_socket);
	add(a, "--flow-port", a->flow_port);
	add(a, "--flow-network", c->flow_network);
	add(a, "--connect-timeout", a->connect_timeout);
	add(a, "--flow-idle", a->flow_idle);
	add(a, "--leave-timeout", a->leave_timeout);
	add(a, "--flow-rate", a->flow_rate);
	add_if_set(a, "--keylog", c->keylog);
	if (c->first_node)
		add(a, "--first", NULL);
}

/* Closes what a child must not inherit: Kamailio's sockets above all. */
static void close_from(int first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) == 0)
		return;
#endif
	for (int fd = first; fd < 65536; fd++)
		close(fd);
}

/* In the child: out, err, socket and journal become 1, 2, PEER_FD and JOURNAL_FD; -1 for /dev/null, or for
 * none. Does not return. */
static void run(struct arguments *a, int out, int err, int socket, int journal)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	/* Keep clear of the numbers that are about to be taken. */
	out = out < 0 ? -1 : fcntl(out, F_DUPFD, 16);
	err = err < 0 ? -1 : fcntl(err, F_DUPFD, 16);
	socket = socket < 0 ? -1 : fcntl(socket, F_DUPFD, 16);
	journal = journal < 0 ? -1 : fcntl(journal, F_DUPFD, 16);
	dup2(null, 0);
	dup2(out < 0 ? null : out, 1);
	dup2(err < 0 ? null : err, 2);
	dup2(socket < 0 ? null : socket, PEER_FD);
	dup2(journal < 0 ? null : journal, JOURNAL_FD);
	close_from(JOURNAL_FD + 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	setsid(); /* a terminal's or Kamailio's signals to its group are not for the peer: it gets
		     LEAVE */
	execv(a->argv[0], a->argv);
	dprintf(2, "cannot run %s: %s\n", a->argv[0], strerror(errno));
	_exit(127);
}

/* Reads both pipes until the child closes them or time is up. */
static void read_both(int fds[2], char *texts[2], size_t size)
{
	struct pollfd polled[2] = {{.fd = fds[0], .events = POLLIN},
				   {.fd = fds[1], .events = POLLIN}};
	int64_t deadline = p2psip_now() + CHECK_TIMEOUT_MS;
	size_t used[2] = {0, 0};

	while (polled[0].fd >= 0 || polled[1].fd >= 0) {
		int64_t left = deadline - p2psip_now();

		if (left <= 0 || poll(polled, 2, (int)left) == 0)
			break;
		for (int i = 0; i < 2; i++) {
			char scrap[512];
			size_t room = size - 1 - used[i];
			ssize_t n;

			if (polled[i].fd < 0 || polled[i].revents == 0)
				continue;
			n = read(polled[i].fd, room ? texts[i] + used[i] : scrap,
				 room ? room : sizeof(scrap));
			if (n == 0 || (n < 0 && errno != EINTR))
				polled[i].fd = -1;
			else if (n > 0 && room)
				used[i] += (size_t)n;
		}
	}
	texts[0][used[0]] = '\0';
	texts[1][used[1]] = '\0';
}

static int check_result(pid_t pid, const char *complaint)
{
	int status = 0;
	pid_t done = 0;

	for (int i = 0; i < 50 && (done = waitpid(pid, &status, WNOHANG)) == 0; i++)
		poll(NULL, 0, 10);
	if (done == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		LM_ERR("%s --check did not end within %d s: run it by hand to see why\n",
		       p2psip_config.peer_path, CHECK_TIMEOUT_MS / 1000);
		return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (complaint[0] != '\0')
		LM_ERR("%.*s\n", (int)strcspn(complaint, "\n"), complaint);
	else
		LM_ERR("%s --check failed with status %d: run it by hand to see why\n",
		       p2psip_config.peer_path, status);
	return -1;
}

static int run_check(char *answer, size_t size)
{
	struct arguments a;
	char complaint[1024];
	char *texts[2] = {answer, complaint};
	int out[2], err[2], fds[2];
	pid_t pid;

	if (size > sizeof(complaint))
		size = sizeof(complaint);
	make_arguments(&a, 1, 0);
	if (pipe2(out, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(err, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		run(&a, out[1], err[1], -1, -1);
	close(out[1]);
	close(err[1]);
	fds[0] = out[0];
	fds[1] = err[0];
	if (pid > 0)
		read_both(fds, texts, size);
	close(out[0]);
	close(err[0]);
	if (pid < 0) {
		LM_ERR("fork: %s\n", strerror(errno));
		return -1;
	}
	return check_result(pid, complaint);
}

int p2psip_peer_check(char *answer, size_t size)
{
	struct sigaction ours = {.sa_handler = SIG_DFL}, kamailios;
	int result;

	/* Kamailio takes the end of any child for a reason to stop; this one is none of its own. */
	sigaction(SIGCHLD, &ours, &kamailios);
	result = run_check(answer, size);
	sigaction(SIGCHLD, &kamailios, NULL);
	return result;
}

void p2psip_peer_make_journal(struct p2psip_peer_process *peer)
{
	peer->journal_fd = memfd_create("p2psip", MFD_CLOEXEC);
	if (peer->journal_fd < 0)
		LM_WARN("memory that outlives p2psip-peer: %s\n", strerror(errno));
}

int p2psip_peer_start(struct p2psip_peer_process *peer)
{
	struct arguments a;
	int sockets[2], log[2];
	pid_t parent = getpid();

	make_arguments(&a, 0, peer->journal_fd >= 0);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
		LM_ERR("socket pair for the peer: %s\n", strerror(errno));
		return -1;
	}
	if (pipe2(log, O_CLOEXEC) != 0) {
		LM_ERR("pipe for the peer's log: %s\n", strerror(errno));
		close(sockets[0]);
		close(sockets[1]);
		return -1;
	}
	peer->pid = fork();
	if (peer->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		run(&a, log[1], log[1], sockets[1], peer->journal_fd);
	}
	close(sockets[1]);
	close(log[1]);
	if (peer->pid < 0) {
		LM_ERR("fork: %s\n", strerror(errno));
		close(sockets[0]);
		close(log[0]);
		peer->pid = 0;
		return -1;
	}
	fcntl(log[0], F_SETFL, O_NONBLOCK);
	peer->fd = sockets[0];
	peer->log_fd = log[0];
	return 0;
}

static void log_exit(int status)
{
	if (WIFSIGNALED(status))
		LM_WARN("p2psip-peer was ended by signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		LM_WARN("p2psip-peer exited with status %d\n", WEXITSTATUS(status));
	else
		LM_INFO("p2psip-peer exited\n");
}

int p2psip_peer_collect(struct p2psip_peer_process *peer, int kill_it)
{
	int status = 0;
	pid_t done;

	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	if (peer->pid > 0) {
		if (kill_it)
			kill(peer->pid, SIGKILL);
		do {
			done = waitpid(peer->pid, &status, kill_it ? 0 : WNOHANG);
		} while (done < 0 && errno == EINTR);
		if (done == 0)
			return 0;
		if (done == peer->pid)
			log_exit(status);
		peer->pid = 0;
	}
	if (peer->log_fd >= 0)
		close(peer->log_fd);
	peer->log_fd = -1;
	return 1;
}

char *p2psip_peer_default_path(void)
{
	static char path[PATH_MAX];
	Dl_info info;
	char *slash;

	if (dladdr(p2psip_peer_default_path, &info) == 0 || info.dli_fname == NULL ||
	    strlen(info.dli_fname) + sizeof("p2psip-peer") > sizeof(path))
		return NULL;
	strcpy(path, info.dli_fname);
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, "p2psip-peer");
	return path;
}
