# Runs PostgreSQL in the current folder for as long as standard input is open.
#
# Standard input is a pipe nobody writes to. The kernel closes it when the
# process at its other end is gone, even by SIGKILL; that is the sign to stop.
# Descriptor 3 is the folder's lock, held by every process of the server.
#
# $1: folder to remove at the end, or empty    $2: folder of the binaries
# $3: an option for what makes it, or empty    $4: URL of the server to follow, or empty
# further: arguments of postgres
temporary=$1 binaries=$2 option=$3 primary=$4
shift 4
exec 4<&0 </dev/null

finish() {
	cd / || exit
	[ -z "$temporary" ] || rm -rf "$temporary"
	exit "$1"
}

# Makes the cluster, as a copy of another one where there is one to follow.
make_data() {
	if [ -n "$primary" ]; then
		"$binaries/pg_basebackup" -D data.new --dbname="$primary" --write-recovery-conf \
			--checkpoint=fast ${option:+"$option"}
		return
	fi
	"$binaries/initdb" -D data.new --username=ingestd --auth=trust \
		--encoding=UTF8 --locale=C --no-instructions ${option:+"$option"}
}

# Under another name until it is whole: one killed half-way is redone.
if [ ! -d data ]; then
	rm -rf data.new
	make_data || finish 1
	mv data.new data || finish 1
fi

# The lock says that no server of ours runs here; one started by hand is still
# noticed by its shared memory. A file left by a killed server would stop the
# new one once its process number is in use again, as is usual in containers.
rm -f data/postmaster.pid

"$binaries/postgres" -D "$PWD/data" "$@" 4<&- &
server=$!

# SIGINT asks for a fast shutdown. The shell starts background jobs with SIGINT
# ignored, so a server too young to handle it is ended by the SIGTERM before.
{
	read -r _ <&4
	kill -TERM "$server"
	kill -INT "$server"
} 2>/dev/null 3<&- &
watch=$!

wait "$server"
status=$?
kill "$watch" 2>/dev/null
finish "$status"
