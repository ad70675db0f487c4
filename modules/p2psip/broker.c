/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker's main loop and the life of its peer. Nothing in here blocks: what the peer is too
 * slow to take stays in broker.waiting or in the list of changed registrations. */
#include "modules/p2psip/broker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modules/p2psip/broker_frames.h"
#include "modules/p2psip/compat.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/lookup_cache.h"
#include "modules/p2psip/peer_log.h"
#include "modules/p2psip/peer_process.h"
#include "modules/p2psip/phone_table.h"
#include "modules/p2psip/registrations.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/shared.h"

#define SWEEP_MS 500
#define STEADY_MS 60000	   /* a peer that ran this long starts again without more delay */
#define KILL_AFTER_MS 2000 /* how long a peer may take to exit once its socket is closed */

static struct p2psip_peer_process peer = {0, -1, -1, -1};
static struct p2psip_broker broker;
static int64_t started, start_at, swept, kill_at, leave_at;
static int delay;
static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
	stop = 1;
}

static void start_peer(int64_t now)
{
	if (p2psip_peer_start(&peer) != 0) {
		start_at = now + delay;
		return;
	}
	started = now;
	broker.fd = peer.fd;
	p2psip_shared_set_running(peer.pid);
	p2psip_registrations_forget_told();
	LM_INFO("started p2psip-peer, pid %d\n", (int)peer.pid);
}

/* The peer has closed its socket or cannot be understood: answer for it, and make way for the next.
 */
static void lose_peer(int64_t now)
{
	p2psip_shared_set_running(0);
	p2psip_flows_clear();
	p2psip_cache_clear();
	p2psip_broker_fail_all(&broker, P2PSIP_NOT_JOINED);
	broker.fd = -1;
	if (now - started > STEADY_MS)
		delay = p2psip_config.restart_min;
	start_at = now + delay;
	if (!leave_at)
		LM_WARN("p2psip-peer is gone; the next one starts in %d ms\n", delay);
	delay = delay * 2 > p2psip_config.restart_max ? p2psip_config.restart_max : delay * 2;
	kill_at = now + KILL_AFTER_MS;
	p2psip_peer_log_read(peer.log_fd);
	p2psip_peer_collect(&peer, 0);
}

/* Reaps a peer that was lost, and starts the next one when it is time. */
static void tend_peer(int64_t now)
{
	if (broker.fd >= 0)
		return;
	if (peer.pid > 0 && !p2psip_peer_collect(&peer, now >= kill_at))
		return;
	if (!leave_at && now >= start_at)
		start_peer(now);
}

/* Asks the peer to leave. One too busy to take the frame is asked by the end of its socket, which it
 * understands in the same way. */
static void begin_leaving(int64_t now)
{
	struct p2psip_frame frame;

	memset(&frame.header, 0, sizeof(frame.header));
	p2psip_frame_seal(&frame, P2PSIP_LEAVE, 0);
	leave_at = now + p2psip_config.leave_timeout;
	if (broker.fd >= 0 && p2psip_frame_send(broker.fd, &frame) != 0)
		shutdown(broker.fd, SHUT_WR);
}

/* Kamailio stops: the peer may leave the overlay in peace, but not take longer than leave_timeout.
 */
static void leave_if_done(int64_t now)
{
	if (peer.pid > 0 && now < leave_at)
		return;
	if (peer.pid > 0)
		LM_WARN("p2psip-peer took longer than leave_timeout to leave: killing it\n");
	p2psip_peer_collect(&peer, 1);
	_exit(0);
}

/* Frames of the peer, as long as there is room for what they make the broker send. */
static int read_peer(void)
{
	struct p2psip_frame frame;
	int got = 0;

	for (int i = 0; i < 256 && !broker.stalled; i++) {
		got = p2psip_frame_receive(broker.fd, &frame);
		if (got <= 0)
			break;
		p2psip_broker_take_frame(&broker, &frame);
	}
	if (got < 0 && errno == EPROTO)
		LM_ERR("p2psip-peer sent a malformed message: install p2psip.so and p2psip-peer of "
		       "one build\n");
	return got < 0 ? -1 : 0;
}

static void read_requests(void)
{
	struct p2psip_request *request;

	while ((request = p2psip_requests_receive()) != NULL)
		p2psip_broker_take_request(&broker, request);
}

static void sweep(int64_t now)
{
	if (now - swept < SWEEP_MS)
		return;
	swept = now;
	cfg_update();
	p2psip_registrations_sweep();
	p2psip_cache_sweep();
	p2psip_phones_sweep();
	p2psip_requests_kick();
	p2psip_broker_expire(&broker, now);
	if (broker.suspected && now - broker.suspected > p2psip_config.request_timeout) {
		LM_ERR("p2psip-peer, pid %d, does not answer: killing it\n", (int)peer.pid);
		kill(peer.pid, SIGKILL);
		broker.suspected = 0;
	}
}

static int next_wakeup(int64_t now)
{
	int64_t at = swept + SWEEP_MS;

	if (leave_at && leave_at < at)
		at = leave_at;
	if (broker.fd < 0 && peer.pid > 0)
		return 20;
	if (broker.fd < 0 && !leave_at && start_at < at)
		at = start_at;
	return at > now ? (int)(at - now) : 0;
}

static void wait_for_events(struct pollfd fds[3], int64_t now)
{
	struct timespec timeout;
	sigset_t none;
	int ms = next_wakeup(now);

	fds[0] = (struct pollfd){.fd = p2psip_requests_fd(), .events = POLLIN};
	fds[1] = (struct pollfd){.fd = broker.fd};
	fds[1].events = (short)(broker.stalled ? POLLOUT : POLLIN);
	fds[2] = (struct pollfd){.fd = peer.log_fd, .events = POLLIN};
	timeout.tv_sec = ms / 1000;
	timeout.tv_nsec = (long)(ms % 1000) * 1000000;
	sigemptyset(&none);
	/* SIGTERM is blocked but in here, so that none gets lost. */
	if (ppoll(fds, 3, &timeout, &none) < 0)
		fds[0].revents = fds[1].revents = fds[2].revents = 0;
}

static void set_signals(void)
{
	struct sigaction action = {.sa_handler = on_stop};
	sigset_t stops;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	/* Kamailio's main process may be killed without a chance to end its children. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

void p2psip_broker_run(void)
{
	struct pollfd fds[3];
	int64_t now = p2psip_now();

	set_signals();
	p2psip_peer_make_journal(&peer);
	broker.fd = -1;
	broker.now = start_at = swept = now;
	delay = p2psip_config.restart_min;
	for (;;) {
		tend_peer(now);
		if (broker.fd >= 0 && p2psip_broker_flush(&broker) != 0)
			lose_peer(now);
		wait_for_events(fds, now);
		broker.now = now = p2psip_now();
		read_requests();
		p2psip_peer_log_read(fds[2].revents ? peer.log_fd : -1);
		if (broker.fd >= 0 && (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) &&
		    read_peer() != 0)
			lose_peer(now);
		sweep(now);
		if (stop && !leave_at)
			begin_leaving(now);
		if (leave_at)
			leave_if_done(now);
	}
}
