# 导航时眼镜上的文字（简体中文）。en.ftl 里有同样的条目，由测试比较。

distance-m = { $n } 米
distance-km = { $n } 公里
prepare = { $distance }后{ $text }
then = { $first }，然后{ $text }

turn-left = 左转
turn-right = 右转
turn-slight-left = 向左前方走
turn-slight-right = 向右前方走
turn-sharp-left = 向左后方转
turn-sharp-right = 向右后方转
keep-left = 靠左走
keep-right = 靠右走
go-straight = 直行
go-uturn = 掉头
go-continue = 继续前行
lanes-left = { $n ->
    [1] 走最左侧车道
   *[other] 走左侧 { $n } 条车道
}
lanes-right = { $n ->
    [1] 走最右侧车道
   *[other] 走右侧 { $n } 条车道
}
lanes-middle = { $n ->
    [1] 走中间车道
   *[other] 走中间 { $n } 条车道
}
roundabout = 进入环岛
roundabout-exit = 进入环岛，走第 { $n } 个出口
exit-short = 第 { $n } 个出口
leave-roundabout = 驶出环岛
ferry = 乘渡轮
via = 经过途经点
via-short = 途经点
arrive = 到达目的地
arrive-left = 到达目的地，在左侧
arrive-right = 到达目的地，在右侧
arrive-short = 到达目的地
arrive-short-left = 目的地在左侧
arrive-short-right = 目的地在右侧
depart = 向{ $way ->
    [n] 北
    [ne] 东北
    [e] 东
    [se] 东南
    [s] 南
    [sw] 西南
    [w] 西
   *[nw] 西北
}出发
onto = { $text }，进入{ $name }
along = { $text }，沿{ $name }
signed = { $text }，往{ $name }方向
towards = 往{ $name }方向

arrived = 已到达目的地
arrived-left = 已到达，目的地在左侧
arrived-right = 已到达，目的地在右侧
off-route = 已偏离路线
wrong-way = 方向反了，请掉头
rejoined = 已回到路线
rerouting = 正在重新规划路线
silent = 暂时没有定位
poor = 定位暂时不准

sign-confirms = 路牌：{ $name }，走对了
sign-contradicts = 路牌：{ $name }，不是这条路
