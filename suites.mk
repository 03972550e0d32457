# The suites and their environments: `make functional ENV=int`. E2E is the command that runs them.
E2E ?= e2e
ENV ?= local
MODE ?= smoke
E2E_FLAGS ?= --headless --only-summary
RUN = TEST_MODE=$@ TEST_ENV=$(ENV) $(E2E) $(E2E_FLAGS) --script suites/$@.lua

.PHONY: smoke functional performance stress interactive test-local test-int test-stage test-prod check

smoke: ## are the core functions alive? 30 s, 1 user
	$(RUN) -u 1 -r 1 -t 30s

functional: ## whole flows and their edge cases: 5 minutes, 10 users
	$(RUN) -u 10 -r 2 -t 300s

performance: ## many fast requests: 10 minutes, 50 users
	$(RUN) -u 50 -r 5 -t 600s

# How many users there are is the load shape's to say.
stress: ## more and more load, and less again: 5 minutes, up to 100 users
	$(RUN) -t 600s

interactive: ## the suite MODE (smoke) in the web interface: http://127.0.0.1:8089
	TEST_MODE=$(MODE) TEST_ENV=$(ENV) $(E2E) --web

test-local: ## smoke against the bundled documents service
	$(MAKE) smoke ENV=local

test-int: ## functional in the integration environment
	$(MAKE) functional ENV=int

test-stage: ## performance in the staging environment
	$(MAKE) performance ENV=stage

# config/prod.yaml guards it: e2e asks for its sentence on the terminal, and refuses anything larger than this.
test-prod: ## smoke in production, 1 user, 60 s; without a terminal: CONFIRM="the sentence"
	TEST_MODE=smoke TEST_ENV=prod $(E2E) $(E2E_FLAGS) --script suites/smoke.lua -u 1 -r 1 -t 60s \
		$(if $(CONFIRM),--confirm "$(CONFIRM)")

check: ## compile every script and report all faults
	TEST_ENV=$(ENV) $(E2E) --check
