# 一网 / Yiwang. `make` 列出命令 / lists the commands.
SHELL := bash
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo up down status logs test faults check contracts

help: ## 列出命令 · list the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## 安装所需 (.venv, RabbitMQ), 可反复运行 · install what is needed; run it as often as you like
	@bash deploy/setup.sh

setup-tests: setup
	@bash deploy/setup.sh tests

demo: setup ## 启动, 用真实输入演示一遍, 停止 (keep=1 不停止) · up, one story on real input, down
	@$(BIN)/python -m deploy.local demo $(if $(keep),keep)

up: setup ## 启动整座城 (数据在 .yiwang/) · start the city; its data is in .yiwang/
	@$(BIN)/python -m deploy.local up

down: .venv/.ready ## 停止, 不留进程 · stop it; no process is left
	@$(BIN)/python -m deploy.local down

status: .venv/.ready ## 各进程状态 · what runs and what is ready
	@$(BIN)/python -m deploy.local status

logs: .venv/.ready ## 看日志 (make logs of=alerts) · follow the logs, of one process with of=<name>
	@$(BIN)/python -m deploy.local logs $(of)

test: setup-tests ## 全部测试, 用真的总线与数据库 · all tests, on a real broker and store
	$(BIN)/pytest

faults: setup ## 故障演练: 逐点击杀, 断网断库, 毒消息; 结尾列表, 有丢失即失败 · injected faults and what was lost
	$(BIN)/pytest tests/faults -m 'faults or not faults'

check: setup ## 风格, 类型, 依赖规则, 配置与契约 · style, types, import rules, configuration, contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/python -m services.publish --check

contracts: .venv/.ready ## 由代码生成 contracts/published/ · write contracts/published/ from the code
	$(BIN)/python -m services.publish

bench: setup ## 压测: 与 FastStream, nameko 同场比较 (args="--only stored --quick") · measure it beside its rivals
	@bash tests/bench/setup.sh
	@build/bench/venv/bin/python -m tests.bench $(args)

.venv/.ready:
	@echo '请先运行 make setup / run make setup first' >&2; exit 1
