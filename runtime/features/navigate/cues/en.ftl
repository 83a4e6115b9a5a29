# What the glasses say while they navigate, in English. zh.ftl has the same messages; a test compares them.
# $name is a street's name, $n a roundabout's exit, $text another message.

distance-m = { $n } m
distance-km = { $n } km
prepare = In { $distance }, { $text }
then = { $first }, then { $text }

turn-left = turn left
turn-right = turn right
turn-slight-left = bear left
turn-slight-right = bear right
turn-sharp-left = turn sharp left
turn-sharp-right = turn sharp right
keep-left = keep left
keep-right = keep right
go-straight = go straight on
go-uturn = make a U-turn
go-continue = continue
lanes-left = take the left { $n ->
    [one] lane
   *[other] { $n } lanes
}
lanes-right = take the right { $n ->
    [one] lane
   *[other] { $n } lanes
}
lanes-middle = take the middle { $n ->
    [one] lane
   *[other] { $n } lanes
}
roundabout = enter the roundabout
roundabout-exit = at the roundabout, take the { $n ->
    [1] 1st
    [2] 2nd
    [3] 3rd
   *[other] { $n }th
} exit
exit-short = { $n ->
    [1] 1st
    [2] 2nd
    [3] 3rd
   *[other] { $n }th
} exit
leave-roundabout = leave the roundabout
ferry = take the ferry
via = pass your waypoint
via-short = waypoint
arrive = arrive at your destination
arrive-left = arrive at your destination, on the left
arrive-right = arrive at your destination, on the right
arrive-short = destination
arrive-short-left = destination on the left
arrive-short-right = destination on the right
depart = head { $way ->
    [n] north
    [ne] northeast
    [e] east
    [se] southeast
    [s] south
    [sw] southwest
    [w] west
   *[nw] northwest
}
onto = { $text } onto { $name }
along = { $text } on { $name }
signed = { $text } towards { $name }
towards = towards { $name }

arrived = You have arrived
arrived-left = Arrived: it is on the left
arrived-right = Arrived: it is on the right
off-route = Off the route
wrong-way = Wrong way
rejoined = Back on the route
rerouting = Looking for another way
silent = No position for now
poor = Position too vague for now

sign-confirms = Sign { $name }: correct
sign-contradicts = Sign { $name }: not this way
