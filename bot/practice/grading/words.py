"""Words: how they are stemmed, what they weigh and which ones are equal.

The tables are plain English and the talk of programmers; nothing in them belongs to one question.
"""

from functools import lru_cache

from snowballstemmer import stemmer  # type: ignore[import-untyped]


def listed(words: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(words.split())


def paired(pairs: str) -> dict[str, str]:
    """The pairs of a table, each "one:other"."""
    return dict(pair.split(":") for pair in pairs.split())


CACHED = 20_000  # stems that are kept: a bank has about 5,000 words

# They hold a sentence together and say nothing of the subject.
FUNCTION_WORDS = listed("""
    a an the this that these those it its itself he she they them their theirs you your yours we us our i me my
    is are was were be been being am do does did doing done has have had having will would shall should can could
    may might must ought let lets of to in on at by for from with into onto upon as about if or and but so then than
    too also very just really quite simply basically actually which who whom whose what when where why how there here
    because since while whereas although though however therefore thus hence whether like such some any other others
    another etc ie eg example instance get gets got getting gotten say says said okay ok yes well um uh uhm hmm er own
    himself herself themselves something someone somebody anything thing things stuff way ways kind sort lot lots bit
    more most much many both again even still already yet now usually often mostly mainly generally normally
    typically probably perhaps maybe literally please sure think believe know mean means
    """)

# They carry some meaning, half that of a word of the subject.
LIGHT_WORDS = listed("""
    one two three first second next last each every all per only always before after during until between within
    outside inside up down out off over under back use uses used using make makes made making give gives given take
    takes taken put puts go goes come comes need needs needed want wants work works working help helps helpful
    good great easy easily new different same part parts whole
    """)

# Verbs that say hardly anything without their object.
_HOLLOW = listed("use make give take put go come need want work help")

# They deny what follows, some of them what stands before as well; see `denial`.
NEGATORS = listed("""
    not no never without neither nor none nothing nobody nowhere cannot false wrong incorrect untrue myth nonsense
    avoid avoids avoiding lack lacks lacking lacked fail fails failed hardly rarely seldom scarcely unable instead
    rather unlike except forget forgets forgetting ignore ignores ignoring ignored useless pointless impossible
    unnecessary irrelevant meaningless
    """)

HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})

DIGITS = {
    word: str(value)
    for value, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}

_BASE_FORMS = paired("""
    sent:send kept:keep built:build written:write wrote:write bound:bind hidden:hide chosen:choose chose:choose
    choice:choose choices:choose went:go ran:run held:hold found:find made:make thrown:throw threw:throw
    lost:lose left:leave stood:stand saw:see seen:see gave:give given:give took:take taken:take told:tell came:come
    knew:know known:know drew:draw drawn:draw broke:break broken:break grew:grow grown:grow began:begin begun:begin
    became:become fell:fall fed:feed met:meet paid:pay led:lead spoke:speak spoken:speak stuck:stick forgot:forget
    forgotten:forget children:child indices:index indexes:index queries:query lives:live living:live stolen:steal
    stole:steal bought:buy caught:catch taught:teach thought:think brought:bring sat:sit slept:sleep shown:show
    lent:lend meant:mean understood:understand authentication:authenticate authenticated:authenticate
    authorization:authorize authorisation:authorize authorised:authorize authorized:authorize
    configuration:configure permission:permit permissions:permit permitted:permit responses:response
    responds:respond removal:remove failure:fail serialization:serialize deserialization:deserialize
    validity:valid exceptions:exception encryption:encrypt decryption:decrypt signature:sign signatures:sign
    """)

# Each line is one meaning. A word may stand in several lines: it then has all of their meanings.
_EQUAL = """
    build create make construct generate produce compose
    write author
    begin start launch boot initialise initialize
    end finish stop terminate complete over done halt
    end close tear shut
    database db databases
    configure config configuration configs setting settings cfg conf
    function func fn callable def routine funcs
    view handler endpoint controller
    site website webapp webpage websites page
    app application apps program
    parameter param params argument arg args parameters kwargs
    authenticate auth login logged signin credential identity
    authorize permit authz permission privilege
    allow permit let enable
    check verify validate test inspect
    check examine look
    read see view look inspect visible
    new fresh reset
    contain hold carry include consist comprise
    come arrive incoming
    request call
    expensive costly
    guess try attempt
    talk speak communicate
    content body payload
    permission right privilege
    verb method
    clear tidy
    reach touch
    spread share
    forge fake counterfeit
    keep leave
    stand sit
    interpret understand
    swap flip
    mark flag
    slow expensive
    trust believe rely
    identity who
    rebuild recreate
    version revision
    goal aim purpose
    reason why
    advantage benefit plus
    drawback disadvantage downside
    require depend
    extra additional further more
    outside external foreign
    person someone somebody
    keep store save hold stash retain persist remember
    keep stay remain
    persist survive outlive last
    live sit reside stay locate
    send pass transmit submit deliver give hand return
    return give yield produce respond answer reply
    receive get accept take obtain
    get fetch retrieve obtain read load
    show display render print output present
    change modify alter edit update mutate
    replace swap substitute exchange
    delete remove drop erase destroy discard clear wipe
    add append attach insert include put
    add extend
    choose pick select decide
    use employ utilize utilise apply
    need require want necessary mandatory must obligatory
    optional voluntary
    run execute invoke call trigger fire
    run serve host start
    error exception failure fault bug crash
    raise throw
    catch handle intercept trap
    fix solve repair resolve
    break crash fail
    quick fast rapid speedy quickly swift
    slow sluggish
    simple easy straightforward beginner
    small tiny little minimal lightweight lite light micro slim minimalistic compact
    small lean bare
    big large huge heavy massive
    big long
    hard difficult complex complicated
    flexible free freedom adaptable
    many several multiple various numerous lots
    every each all any everybody everyone anybody anyone
    entire whole full complete
    part piece component module
    part segment section
    split divide separate
    skip omit bypass
    core base
    page screen
    bracket brace
    harmless safe
    group organise organize structure arrange
    combine merge join
    connect link bind tie attach map associate integrate glue hook
    connection conn
    match correspond fit equal
    url address path link uri
    route path rule
    route routing
    folder directory dir
    file document
    user visitor person people customer
    browser client frontend
    server backend
    someone attacker hacker
    attack exploit
    message msg text
    text string str
    number integer int numeric digit
    dictionary dict mapping
    list array
    object instance
    variable var value
    value data
    data information info content
    database storage
    environment env
    develop development dev
    production prod live deploy
    deploy release ship publish
    test unittest pytest
    document documentation doc docs
    library package lib module toolkit
    extension plugin addon package
    code program source script
    javascript js
    python py
    template templating
    html markup
    request req
    response resp answer reply
    session sess
    password pw pwd passwd passphrase pass
    secret private confidential sensitive
    username name
    encrypt encipher cipher
    hash digest
    tamper modify change forge
    safe secure security safety protect
    protect guard defend shield prevent
    prevent stop avoid block
    block refuse reject deny forbid disallow forbidden
    limit restrict cap throttle bound
    maximum max limit
    minimum min
    danger risk dangerous risky unsafe vulnerable
    reload restart refresh
    debug debugger
    log logging logger
    process worker
    parallel concurrent simultaneous concurrently
    synchronous sync blocking
    asynchronous async nonblocking
    wait await
    cache caching cached
    memory ram
    disk filesystem
    default standard builtin
    automatic automatically auto itself implicit
    manual manually hand yourself
    inherit subclass extend derive
    parent base
    child subclass
    install setup
    upgrade update
    schema structure
    row record entry
    column field
    query sql
    redirect forward send
    forward proxy pass relay
    convert transform turn parse cast translate
    parse interpret
    escape sanitize sanitise clean
    wrong invalid bad incorrect malformed
    right correct proper valid
    expire expiry expiration timeout
    time duration period
    old previous stale outdated
    share common shared global
    specific particular
    isolate independent separate decouple
    reuse reusable
    duplicate repeat copy
    once single one
    single alone only sole
    before prior earlier first
    after later afterwards following
    immediate immediately instantly
    increase raise grow more
    decrease reduce lower less
    improve better
    popular common
    similar alike same
    different distinct other
    describe explain
    event happen occur
    notify inform tell announce
    subscribe listen
    observe watch listen monitor
    local localhost
    network internet web
    machine computer box
    container docker
    certificate cert
    https ssl tls
    balance spread distribute
    traffic load
    replica copy instance
    developer programmer
    feature functionality capability
    builtin include included bundled bundle ship
    missing lacking absent
    empty blank
    visible readable
    anonymous unauthenticated
    temporary scratch short
    permanent forever lasting
    pop remove leave drop dispose
    gone lost lose vanish disappear remove drop discard pop
    push enter activate
    exit leave quit
    access reach
    admin administrator
    external thirdparty
    origin domain
    malicious evil harmful hostile
    inject insert
    id identifier
    suffix ending extension
    size length
    type kind
    job task
    mail email
    image picture photo
    speed performance
    specification spec convention standard
    layout structure
"""

# Each line is a pair: who says the one where the other belongs says something else.
_OPPOSITE = """
    before after
    server client
    server browser
    server cookie
    encrypt plain
    sign encrypt
    hash encrypt
    synchronous asynchronous
    first last
    require optional
    always never
    increase decrease
    allow block
    same different
    add remove
    start end
    push pop
    open close
    public private
    read write
    static dynamic
    secure insecure
    fast slow
    small big
    simple complex
    single many
    one many
    every once
    every single
    every global
    temporary permanent
    local global
    authenticate authorize
    development production
    automatic manual
    internal external
    readable encrypt
    mutable immutable
    stateless stateful
    inside outside
    full empty
    success failure
    upload download
    parent child
    import export
    enable disable
    on off
    shared isolate
    input output
"""

# Several words that are one.
PHRASES = {
    tuple(left.split()): tuple(right.split())
    for left, right in (
        line.split(" = ")
        for line in """
far from = not
ahead of = before
prior to = before
up to you = choose
version control = git
lower case = lowercase
small letters = lowercase
object mapper = orm
leave out = without
leaves out = without
left out = without
no point in = without
free of = without
anything but = not
no way = not
by no means = not
no longer = not
web app = webapp
web application = webapp
web apps = webapp
web applications = webapp
web site = website
web sites = website
web page = webpage
web pages = webpage
out of the box = builtin
built in = builtin
batteries included = builtin
comes with = builtin
come with = builtin
ships with = builtin
ship with = builtin
log in = login
logs in = login
logged in = login
logging in = login
sign in = login
signs in = login
signed in = login
log out = logout
logs out = logout
logged out = logout
sign out = logout
signed out = logout
set up = setup
sets up = setup
add on = addon
add ons = addon
third party = thirdparty
data base = database
data bases = database
front end = frontend
back end = backend
user name = username
pass word = password
time out = timeout
java script = javascript
file name = filename
load balancer = loadbalance
load balancing = loadbalance
load balance = loadbalance
loadbalancer = loadbalance
plug in = plugin
plug ins = plugin
life time = lifetime
end point = endpoint
end points = endpoint
middle ware = middleware
micro service = microservice
micro services = microservice
micro framework = microframework
web socket = websocket
web sockets = websocket
dev server = development server
by itself = automatic
by themselves = automatic
on its own = automatic
on their own = automatic
by hand = manual
by yourself = manual
at the same time = parallel
side by side = parallel
at once = immediate
right away = immediate
straight away = immediate
right there = immediate
look up = lookup
looked up = lookup
looks up = lookup
look ups = lookup
look at = check
get rid of = remove
throw away = discard
throws away = discard
thrown away = discard
a lot of = many
lots of = many
a couple of = few
more than one = many
""".strip().splitlines()
    )
}

# How people write in chats.
SPELLINGS = paired("""
    u:you r:are ur:your n:and nd:and bcoz:because bcz:because bc:because cuz:because coz:because cos:because
    becoz:because becuase:because bcuz:because w:with wit:with wid:with b4:before wen:when dat:that da:the tha:the
    teh:the dis:this thru:through tho:though gonna:going wanna:want ppl:people plz:please pls:please abt:about
    frm:from hv:have hav:have evry:every othr:other wich:which whch:which wht:what wat:what thn:then gud:good bt:but
    shud:should wud:would cud:could cn:can lik:like jst:just alot:many smth:something sth:something msgs:message
    reqs:request repo:repository diff:different ya:you nt:not dun:not cant:not cannt:not dont:not doesnt:not
    didnt:not isnt:not arent:not wasnt:not werent:not wont:not wouldnt:not shouldnt:not couldnt:not havent:not
    hasnt:not hadnt:not aint:not mustnt:not neednt:not dosnt:not dosent:not doesent:not cannot:not can't:not won't:not
    shan't:not w/o:without
    """)

_SMALL = FUNCTION_WORDS | NEGATORS
_KEPT = _SMALL | {"exception"}  # whose stem would be "except"
_snowball = stemmer("english")


@lru_cache(CACHED)
def stem(word: str) -> str:
    """The stem of a folded word. Names with digits stay whole."""
    word = _BASE_FORMS.get(word, word)
    if len(word) < 3 or word in _KEPT or not (word.isascii() and word.isalpha()):
        return word
    return str(_snowball.stemWord(word))


def _meanings() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for number, line in enumerate(_EQUAL.split("\n")):
        for word in line.split():
            found.setdefault(stem(word), {stem(word)}).add(f"={number}")
    return {stemmed: frozenset(meant) for stemmed, meant in found.items()}


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _OPPOSITE.split("\n"):
        pair = [stem(word) if word.islower() else word for word in line.split()]
        for one, other in zip(pair, reversed(pair), strict=True):
            found.setdefault(one, set()).add(other)
    return {word: frozenset(others) for word, others in found.items()}


_MEANINGS = _meanings()
OPPOSITES = _opposites()
# What a misspelled word may have been, besides a word of the question.
VOCABULARY = frozenset(
    word
    for word in (*_EQUAL.split(), *_BASE_FORMS, *(word for word in FUNCTION_WORDS if len(word) > 3))
    if len(word) > 3
) | {
    "never",
    "doesn't",
    "without",
    "neither",
    "instead",
    "rather",
    "unable",
    "cannot",
    "forget",
    "avoid",
    "ignore",
    "isn't",
    "nothing",
}
_LIGHT_STEMS = LIGHT_WORDS | {stem(word) for word in LIGHT_WORDS} | set("0123456789")


def meanings(stemmed: str) -> frozenset[str]:
    """What a stem stands for: itself, and the groups of equal words in which it stands."""
    return _MEANINGS.get(stemmed) or frozenset((stemmed,))


def weight(stemmed: str) -> float:
    """How much a word says: 1 if it is of the subject, a half if it is a light one, 0 if it only holds the sentence."""
    if stemmed in _SMALL:
        return 0.0
    if stemmed in _HOLLOW:
        return 0.05
    return 0.5 if stemmed in _LIGHT_STEMS else 1.0
